//! The token endpoint: one request for one code, proved by our key (CIE-22, CIE-25 to CIE-27).

use super::jose::Claims;
use super::{Client, Code, FETCH_BYTES, KeyError, Moment, Pending, ProviderError, Refused, form};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest token that is taken.
pub(super) const LONGEST_TOKEN: usize = 16 * 1024;

/// A form to POST (`application/x-www-form-urlencoded`) within [`super::FETCH_SECONDS`], without redirects, once. Holds
/// secrets: kept in the encrypted log alone (CIE-29).
pub struct ClientRequest {
    pub url: String,
    pub body: String,
}

impl Client<'_> {
    /// The request that redeems a code. It is never sent twice.
    ///
    /// # Errors
    /// [`KeyError::NoKey`], [`KeyError::Sign`], [`KeyError::NoAddress`].
    pub fn redeem_code(
        &self,
        code: &Code,
        pending: &Pending,
        moment: Moment,
    ) -> Result<ClientRequest, KeyError> {
        let redirect_uri = self.us.redirect_uris.first().ok_or(KeyError::NoAddress)?;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.0.as_str()),
            ("code_verifier", pending.verifier.as_str()),
            ("redirect_uri", redirect_uri),
        ];
        self.proved(&self.provider.token_endpoint, &fields, moment)
    }

    /// The request that revokes an access token, once our own session is gone. Any answer will do: a failure is for
    /// the log (CIE-27).
    ///
    /// # Errors
    /// [`KeyError::NoAddress`], [`KeyError::NoKey`], [`KeyError::Sign`].
    pub fn revocation(&self, access_token: &str, moment: Moment) -> Result<ClientRequest, KeyError> {
        let endpoint = self.provider.revocation_endpoint.as_deref().ok_or(KeyError::NoAddress)?;
        let fields = [("token", access_token), ("token_type_hint", "access_token")];
        self.proved(endpoint, &fields, moment)
    }

    fn proved(
        &self,
        endpoint: &str,
        fields: &[(&str, &str)],
        moment: Moment,
    ) -> Result<ClientRequest, KeyError> {
        let assertion = self.assertion(endpoint, moment)?;
        let proof = [
            ("client_id", self.us.entity_id.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion),
        ];
        Ok(ClientRequest { url: endpoint.to_owned(), body: form::encode(&[fields, &proof].concat()) })
    }
}

/// What a token endpoint answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenAnswer {
    Tokens(Tokens),
    Error(ProviderError),
}

/// The tokens of one login; a refresh token is not even looked at (CIE-26). Never to be logged (CIE-25).
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access_token: String,
    pub id_token: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl TokenAnswer {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`Refused::Jose`], [`Refused::TokenShape`], [`Refused::TokenType`].
    pub fn read(status: u16, body: &[u8]) -> Result<Self, Refused> {
        if body.len() > FETCH_BYTES {
            return Err(Refused::TokenShape);
        }
        let said = Claims::read(body);
        if status != 200 {
            let error = said.ok().and_then(|said| said.text("error").map(ProviderError::of));
            return Ok(Self::Error(error.unwrap_or_else(|| ProviderError::of_status(status))));
        }
        let said = said?;
        if !said.text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("Bearer")) {
            return Err(Refused::TokenType);
        }
        // what goes in a header must be text that can stand there
        let token = |name| {
            let whole = |t: &&str| t.len() <= LONGEST_TOKEN && t.bytes().all(|b| b.is_ascii_graphic());
            said.text(name).filter(whole).map(str::to_owned).ok_or(Refused::TokenShape)
        };
        Ok(Self::Tokens(Tokens { access_token: token("access_token")?, id_token: token("id_token")? }))
    }
}
