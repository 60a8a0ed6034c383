//! What the provider answers: tokens and userinfo, right, or wrong in one thing on purpose.

use fascicolo_domain::Fault;
use fascicolo_domain::login::Level;
use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::cie::jose::{encode_base64url, encrypt};
use fascicolo_web::ports::Entropy;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::desk::Grant;
use super::mistake::Mistake;
use super::provider::Provider;
use super::request::{FISCAL_NUMBER, acr};
use crate::people::Person;

/// How long tokens and userinfo hold, in seconds.
pub(super) const HOLDS_SECONDS: i64 = 300;
/// Another site, another provider, another text: wrong wherever it stands.
const OTHER: &str = "https://altro.example";

/// Who answers, about whom, when.
pub(super) struct Answering<'a> {
    pub(super) provider: &'a Provider,
    pub(super) grant: &'a Grant,
    pub(super) about: &'a Person,
    pub(super) now: Timestamp,
    pub(super) entropy: &'a dyn Entropy,
}

pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) id: String,
}

/// How userinfo leaves.
pub(super) struct Userinfo {
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

impl Answering<'_> {
    /// The access token, and the id token that vouches for it (CIE-23, CIE-25).
    pub(super) fn tokens(&self) -> Result<Tokens, Fault> {
        let (client, now) = (&self.grant.asked.client.id, self.now.as_second());
        let ends = after_seconds(self.now, HOLDS_SECONDS).as_second();
        let access = self.provider.key().sign(
            "at+jwt",
            &json!({
                "iss": self.provider.entity_id,
                "sub": self.subject(),
                "aud": [self.provider.endpoint("userinfo")],
                "client_id": client,
                "scope": "openid",
                "iat": now,
                "exp": ends,
                "jti": name(self.entropy)?,
            }),
        )?;
        let mut claims = json!({
            "iss": self.provider.entity_id,
            "sub": self.subject(),
            "aud": [client],
            "iat": now,
            "nbf": now,
            "exp": ends,
            "nonce": self.grant.asked.nonce,
            "acr": acr(self.grant.level),
            "at_hash": half_hash(&access),
            "jti": name(self.entropy)?,
        });
        if let (Some(members), Some(mistake)) = (claims.as_object_mut(), self.grant.mistake) {
            self.spoil_id_token(members, mistake);
        }
        let key = self.provider.key();
        let id = match self.grant.mistake {
            Some(Mistake::ForeignKey) => self.provider.foreign.sign_as(key.kid(), "", &claims)?,
            Some(Mistake::UnknownKey) => self.provider.foreign.sign("", &claims)?,
            Some(Mistake::AlgNone) => key.unsigned(&claims),
            Some(Mistake::Hs256) => key.with_public_key_as_secret(&claims),
            Some(_) | None => key.sign("", &claims)?,
        };
        Ok(Tokens { access, id })
    }

    fn spoil_id_token(&self, claims: &mut Map<String, Value>, mistake: Mistake) {
        let now = self.now.as_second();
        let (member, value) = match mistake {
            Mistake::Lowered => ("acr", json!(lower(self.grant.asked.level).map(acr))),
            Mistake::LevelOne => ("acr", json!(acr(Level::One))),
            Mistake::LevelUnknown => ("acr", json!("https://www.spid.gov.it/SpidL9")),
            Mistake::NoNonce => ("nonce", Value::Null),
            Mistake::Nonce => ("nonce", json!("n".repeat(43))),
            Mistake::Expired => ("exp", json!(now - 1)),
            Mistake::Early => ("nbf", json!(now + 600)),
            Mistake::Issuer => ("iss", json!(OTHER)),
            Mistake::Audience => ("aud", json!([OTHER])),
            Mistake::AtHash => ("at_hash", json!(half_hash(OTHER))),
            // made elsewhere
            Mistake::Error(_)
            | Mistake::State
            | Mistake::CallbackIssuer
            | Mistake::TokenBroken
            | Mistake::TokenLate
            | Mistake::ForeignKey
            | Mistake::UnknownKey
            | Mistake::AlgNone
            | Mistake::Hs256
            | Mistake::UserinfoSubject
            | Mistake::UserinfoPlain
            | Mistake::UserinfoUnsigned
            | Mistake::UserinfoForeignKey
            | Mistake::UserinfoAudience
            | Mistake::UserinfoExpired
            | Mistake::NoFiscalNumber
            | Mistake::ForeignPrefix
            | Mistake::CheckCharacter => return,
        };
        if value.is_null() {
            claims.remove(member);
        } else {
            claims.insert(member.to_owned(), value);
        }
    }

    /// What was asked about the person, signed, then encrypted for the site (CIE-24).
    pub(super) fn userinfo(&self) -> Result<Userinfo, Fault> {
        let claims = Value::Object(self.claims());
        let key = self.provider.key();
        let signed = match self.grant.mistake {
            Some(Mistake::UserinfoUnsigned) => key.unsigned(&claims),
            Some(Mistake::UserinfoForeignKey) => self.provider.foreign.sign_as(key.kid(), "", &claims)?,
            Some(_) | None => key.sign("", &claims)?,
        };
        if self.grant.mistake == Some(Mistake::UserinfoPlain) {
            return Ok(Userinfo { content_type: "application/jwt", body: signed });
        }
        let mut random = [0; 80];
        self.entropy.fill(&mut random)?;
        let to = &self.grant.asked.client.encryption;
        let body = encrypt(&signed, &to.key, to.of_key, to.of_content, &random)
            .map_err(|e| Fault::new("encrypting userinfo", e))?;
        Ok(Userinfo { content_type: "application/jose", body })
    }

    fn claims(&self) -> Map<String, Value> {
        let (about, mistake) = (self.about, self.grant.mistake);
        let is = |what| mistake == Some(what);
        let now = self.now.as_second();
        let lasts = if is(Mistake::UserinfoExpired) { -1 } else { HOLDS_SECONDS };
        let audience =
            if is(Mistake::UserinfoAudience) { OTHER } else { self.grant.asked.client.id.as_str() };
        let subject = if is(Mistake::UserinfoSubject) { OTHER.to_owned() } else { self.subject() };
        let mut claims = Map::new();
        let mut say = |name: &str, value| claims.insert(name.to_owned(), value);
        say("iss", json!(self.provider.entity_id));
        say("sub", json!(subject));
        say("aud", json!(audience));
        say("iat", json!(now));
        say("exp", json!(now + lasts));
        for asked in &self.grant.asked.attributes {
            match asked.as_str() {
                "given_name" => say(asked, json!(about.given_name)),
                "family_name" => say(asked, json!(about.family_name)),
                "birthdate" => say(asked, json!(about.says_born.to_string())),
                "gender" => say(asked, json!(if about.sex_letter() == "F" { "female" } else { "male" })),
                "email" => say(asked, json!(about.email())),
                FISCAL_NUMBER if is(Mistake::NoFiscalNumber) => None,
                FISCAL_NUMBER => say(asked, json!(fiscal_number(about, mistake))),
                _ => None,
            };
        }
        claims
    }

    /// The person's name for this site alone: pairwise.
    fn subject(&self) -> String {
        let pair = format!("{} {}", self.grant.asked.client.id, self.about.codice_fiscale.as_str());
        encode_base64url(Digest::of(pair.as_bytes()).as_bytes())
    }
}

fn fiscal_number(about: &Person, mistake: Option<Mistake>) -> String {
    let code = about.codice_fiscale.as_str();
    match mistake {
        Some(Mistake::ForeignPrefix) => format!("TINDE-{code}"),
        Some(Mistake::CheckCharacter) => {
            let (rest, check) = code.split_at(code.len() - 1);
            format!("TINIT-{rest}{}", if check == "A" { "B" } else { "A" })
        }
        Some(_) | None => format!("TINIT-{code}"),
    }
}

fn lower(level: Level) -> Option<Level> {
    Level::from_number(level.number() - 1)
}

/// A random name.
pub(super) fn name(entropy: &dyn Entropy) -> Result<String, Fault> {
    let mut random = [0; 32];
    entropy.fill(&mut random)?;
    Ok(encode_base64url(&random))
}

/// The left half of the hash, for RS256 (CIE-23).
fn half_hash(token: &str) -> String {
    let hash = Digest::of(token.as_bytes());
    let (left, _) = hash.as_bytes().split_at(16);
    encode_base64url(left)
}
