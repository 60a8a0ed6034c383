//! A key that signs what it is given, under any header: wrong ones are made on purpose.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use fascicolo_domain::Fault;
use fascicolo_eid::cie::jose::{Jwk, JwkSet, SigningKey, encode_base64url};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

pub(super) struct Signer {
    public: Jwk,
    pair: KeyPair,
}

impl Signer {
    /// Reads a key in PKCS#8.
    pub(super) fn from_pem(pem: &str) -> Result<Self, Fault> {
        let reading = "reading a key of the federation";
        let key = SigningKey::from_pem(pem).map_err(|e| Fault::new(reading, e))?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|e| Fault::new(reading, e.to_string()))?;
        let pair = KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|e| Fault::new(reading, e))?;
        Ok(Self { public: key.jwk().clone(), pair })
    }

    pub(super) fn kid(&self) -> &str {
        self.public.kid()
    }

    /// Its public half, alone in a set.
    pub(super) fn jwks(&self) -> JwkSet {
        JwkSet::new(vec![self.public.clone()])
    }

    /// A signed message as it should be; `typ` may be empty.
    pub(super) fn sign(&self, typ: &str, claims: &Value) -> Result<String, Fault> {
        self.sign_as(self.kid(), typ, claims)
    }

    /// Signed by this key in the name of another.
    pub(super) fn sign_as(&self, kid: &str, typ: &str, claims: &Value) -> Result<String, Fault> {
        let message = message(&header("RS256", kid, typ), claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .map_err(|e| Fault::new("signing for the federation", e))?;
        Ok(format!("{message}.{}", encode_base64url(&signature)))
    }

    /// `alg` is `none`, and there is no signature.
    pub(super) fn unsigned(&self, claims: &Value) -> String {
        format!("{}.", message(&header("none", self.kid(), ""), claims))
    }

    /// Authenticated with what everybody knows: the public key.
    pub(super) fn with_public_key_as_secret(&self, claims: &Value) -> String {
        let message = message(&header("HS256", self.kid(), ""), claims);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.pair.public_key().as_ref());
        format!("{message}.{}", encode_base64url(hmac::sign(&key, message.as_bytes()).as_ref()))
    }
}

fn header(alg: &str, kid: &str, typ: &str) -> Value {
    if typ.is_empty() { json!({"alg": alg, "kid": kid}) } else { json!({"alg": alg, "kid": kid, "typ": typ}) }
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| encode_base64url(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}
