//! Userinfo: encrypted to us, signed by the provider, about the person of the id token (CIE-19, CIE-24).

use fascicolo_domain::login::{Identity, Method};
use fascicolo_domain::person::CodiceFiscale;
use fascicolo_domain::time::after_seconds;
use jiff::Timestamp;
use jiff::civil::Date;

use super::jose::{Claims, Defect, Jwe, Jws, LONGEST};
use super::request::FISCAL_NUMBER;
use super::{Authenticated, Client, Refused, SKEW_SECONDS, Tokens};

/// What to GET, with this header, within [`super::FETCH_SECONDS`] and [`super::FETCH_BYTES`], without redirects.
pub struct UserinfoRequest {
    pub url: String,
    /// The value of `Authorization`.
    pub authorization: String,
}

/// What came back.
#[derive(Clone, Copy)]
pub struct UserinfoAnswer<'a> {
    pub status: u16,
    pub content_type: &'a str,
    pub body: &'a [u8],
}

/// A person proved who they are.
#[derive(Debug)]
pub struct Proved {
    pub identity: Identity,
    /// The person's name at the provider, for the log.
    pub subject: String,
    /// To be refused when it was seen before, until `not_on_or_after` (CIE-23).
    pub jti: String,
    pub not_on_or_after: Timestamp,
}

impl Client<'_> {
    /// Asks who it was.
    #[must_use]
    pub fn userinfo_request(&self, tokens: &Tokens) -> UserinfoRequest {
        let authorization = format!("Bearer {}", tokens.access_token);
        UserinfoRequest { url: self.provider.userinfo_endpoint.clone(), authorization }
    }

    /// Decrypts, verifies and reads the answer.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn check_userinfo(
        &self,
        answer: &UserinfoAnswer<'_>,
        authenticated: &Authenticated,
        now: Timestamp,
    ) -> Result<Proved, Refused> {
        if answer.status != 200 {
            return Err(Refused::UserinfoStatus);
        }
        let content_type = answer.content_type.split(';').next().unwrap_or_default().trim();
        let encrypted = ["application/jose", "application/jwt"];
        if !encrypted.iter().any(|kind| kind.eq_ignore_ascii_case(content_type)) {
            return Err(Refused::UserinfoContentType);
        }
        let body = std::str::from_utf8(answer.body).map_err(|_| Defect::NotBase64)?.trim_ascii();
        let signed = Jwe::read(body, LONGEST)?.decrypt(self.keys.decryption_keys(now))?;
        let jws = Jws::read(&signed, LONGEST)?;
        jws.must_be_plain()?;
        let claims = jws.verify(&self.provider.keys, &self.provider.userinfo_algorithms)?;
        self.addressed(&claims, authenticated, now)?;
        Ok(Proved {
            identity: self.identity(&claims, authenticated)?,
            subject: authenticated.subject.clone(),
            jti: authenticated.jti.clone(),
            not_on_or_after: authenticated.expires,
        })
    }

    fn addressed(
        &self,
        claims: &Claims,
        authenticated: &Authenticated,
        now: Timestamp,
    ) -> Result<(), Refused> {
        if claims.text("iss") != Some(&self.provider.issuer) {
            return Err(Refused::UserinfoIssuer);
        }
        if !claims.only_audience(&self.us.entity_id) {
            return Err(Refused::UserinfoAudience);
        }
        if claims.text("sub") != Some(&authenticated.subject) {
            return Err(Refused::UserinfoSubject);
        }
        if claims.instant("exp").ok_or(Refused::UserinfoInstants)? <= now {
            return Err(Refused::UserinfoExpired);
        }
        for early in ["iat", "nbf"] {
            let Some(_) = claims.member(early) else {
                continue;
            };
            let from = claims.instant(early).ok_or(Refused::UserinfoInstants)?;
            if from > after_seconds(now, SKEW_SECONDS) {
                return Err(Refused::UserinfoInFuture);
            }
        }
        Ok(())
    }

    /// CIE-19.
    fn identity(&self, claims: &Claims, authenticated: &Authenticated) -> Result<Identity, Refused> {
        let number = claims.member(FISCAL_NUMBER).ok_or(Refused::FiscalNumberMissing)?;
        let number = number.as_str().and_then(|n| n.strip_prefix("TINIT-")).ok_or(Refused::FiscalNumber)?;
        let codice_fiscale = CodiceFiscale::parse(number).map_err(|_| Refused::FiscalNumber)?;
        let birth_date = match claims.member("birthdate") {
            None => None,
            Some(date) => Some(date.as_str().and_then(day).ok_or(Refused::BirthDate)?),
        };
        Ok(Identity {
            codice_fiscale,
            given_name: name(claims, "given_name")?,
            family_name: name(claims, "family_name")?,
            birth_date,
            method: Method::Cie,
            level: authenticated.level,
            issuer: self.provider.issuer.clone(),
            at: authenticated.at,
        })
    }
}

/// A name that can stand on a page and in a log.
fn name(claims: &Claims, member: &str) -> Result<String, Refused> {
    let name = claims.member(member).ok_or(Refused::NameMissing)?;
    let name = name.as_str().map(str::trim).filter(|name| !name.is_empty()).ok_or(Refused::Name)?;
    let plain = name.len() <= 256 && !name.chars().any(char::is_control);
    if plain { Ok(name.to_owned()) } else { Err(Refused::Name) }
}

/// `YYYY-MM-DD` and nothing else.
fn day(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text
            .bytes()
            .zip(b"dddd-dd-dd")
            .all(|(c, p)| if *p == b'd' { c.is_ascii_digit() } else { c == *p });
    shape.then(|| text.parse().ok()).flatten()
}
