//! What other machines ask: the anchor's statements, and the provider's token, userinfo and revocation endpoints.

use std::time::Duration;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use fascicolo_domain::Fault;
use fascicolo_domain::time::after_seconds;
use fascicolo_eid::cie::{Chain, FETCH_SECONDS};
use fascicolo_web::http::forms::{Fields, query};
use serde_json::json;

use super::CieFederation;
use super::answer::{Answering, HOLDS_SECONDS};
use super::client::Client;
use super::desk::{Desk, Given, Grant};
use super::mistake::Mistake;
use super::token::{Denied, claimed, proved, redeem};
use crate::standins::page::Problem;

const STATEMENT: &str = "application/entity-statement+jwt";

fn typed(kind: &'static str, body: String) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

fn refused(status: u16, error: &str, why: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({"error": error, "error_description": why});
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

pub(super) async fn anchor(State(cie): State<CieFederation>) -> Result<Response, Problem> {
    Ok(typed(STATEMENT, cie.0.anchor.configuration(cie.now())?))
}

pub(super) async fn provider(State(cie): State<CieFederation>) -> Result<Response, Problem> {
    Ok(typed(STATEMENT, cie.0.provider.configuration(cie.now())?))
}

pub(super) async fn historical_keys(State(cie): State<CieFederation>) -> Result<Response, Problem> {
    Ok(typed("application/jwk-set+jwt", cie.0.anchor.historical_keys(cie.now())?))
}

/// The anchor's statement about an entity (CIE-9).
pub(super) async fn fetch(
    State(cie): State<CieFederation>,
    RawQuery(asked): RawQuery,
) -> Result<Response, Problem> {
    let asked = query(asked.as_deref()).map_err(|_| Problem::BadRequest)?;
    let Some(subject) = asked.find("sub") else {
        return Ok(refused(400, "invalid_request", "sub is missing"));
    };
    let statement = cie.0.anchor.statement(subject, cie.now())?;
    Ok(statement.map_or_else(
        || refused(404, "not_found", "nothing is said of this entity"),
        |statement| typed(STATEMENT, statement),
    ))
}

/// The provider's metadata as they come out of the chain; nothing is fetched for a stranger (CIE-7).
pub(super) async fn resolve(
    State(cie): State<CieFederation>,
    RawQuery(asked): RawQuery,
) -> Result<Response, Problem> {
    let asked = query(asked.as_deref()).map_err(|_| Problem::BadRequest)?;
    let (Some(subject), Some(anchor)) = (asked.find("sub"), asked.find("trust_anchor")) else {
        return Ok(refused(400, "invalid_request", "sub or trust_anchor is missing"));
    };
    let (inner, now) = (&cie.0, cie.now());
    let ours = anchor == inner.anchor.entity_id && subject == inner.provider.entity_id;
    let statement = if ours { inner.anchor.statement(subject, now)? } else { None };
    let Some(statement) = statement else {
        return Ok(refused(404, "not_found", "no chain about this entity is at hand"));
    };
    let (leaf, top) = (inner.provider.configuration(now)?, inner.anchor.configuration(now)?);
    let chain = Chain::verify(&[&leaf, &statement, &top], subject, &cie.anchor(), now);
    let chain = chain.map_err(|refused| Fault::new("resolving the provider", refused.code()))?;
    let body = inner.anchor.resolved(&chain, "openid_provider", now)?;
    Ok(typed("application/resolve-response+jwt", body))
}

/// The entities of the federation (CIE-8).
pub(super) async fn list(
    State(cie): State<CieFederation>,
    RawQuery(asked): RawQuery,
) -> Result<Response, Problem> {
    let asked = query(asked.as_deref()).map_err(|_| Problem::BadRequest)?;
    Ok(Json(cie.0.anchor.list(asked.find("entity_type"))).into_response())
}

/// Tokens for a code (CIE-22).
pub(super) async fn token(State(cie): State<CieFederation>, body: String) -> Result<Response, Problem> {
    match cie.redeemed(&body).await {
        Ok(grant) => {
            match grant.mistake {
                Some(Mistake::TokenBroken) => return Err(Problem::Broken),
                Some(Mistake::TokenLate) => tokio::time::sleep(Duration::from_secs(FETCH_SECONDS + 3)).await,
                Some(_) | None => {}
            }
            Ok(cie.tokens(grant)?)
        }
        Err(denied) => {
            cie.desk().counts.denied += 1;
            Ok(denied_answer(denied))
        }
    }
}

fn denied_answer(denied: Denied) -> Response {
    tracing::warn!(%denied, "a token request of the site is wrong");
    let (status, error) = denied.answer();
    refused(status, error, &denied.to_string())
}

/// About whom the token is (CIE-24).
pub(super) async fn userinfo(
    State(cie): State<CieFederation>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = token.and_then(|v| v.strip_prefix("Bearer ")).unwrap_or_default();
    let now = cie.now();
    let grant = {
        let mut desk = cie.desk();
        let good = desk.tokens.find(token).filter(|given| !given.revoked && now < given.ends);
        let Some(grant) = good.map(|given| given.grant.clone()) else {
            return Ok(refused(401, "invalid_token", "no such token, or not any more"));
        };
        desk.counts.userinfo += 1;
        grant
    };
    let userinfo = cie.answering(&grant)?.userinfo()?;
    Ok(typed(userinfo.content_type, userinfo.body))
}

/// Ends a token; one that is not known is ended already (CIE-27).
pub(super) async fn revoke(State(cie): State<CieFederation>, body: String) -> Response {
    match cie.revoked(&body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(denied) => denied_answer(denied),
    }
}

impl CieFederation {
    pub(super) async fn redeemed(&self, body: &str) -> Result<Grant, Denied> {
        let (fields, client) = self.asking(body, "token").await?;
        redeem(&mut self.desk(), &fields, &client, self.now())
    }

    pub(super) async fn revoked(&self, body: &str) -> Result<(), Denied> {
        let (fields, client) = self.asking(body, "revoke").await?;
        let token = fields.find("token").ok_or(Denied::Token)?;
        let mut guard = self.desk();
        let Desk { tokens, counts, .. } = &mut *guard;
        let own = tokens.find_mut(token).filter(|given| given.grant.asked.client.id == client.id);
        if let Some(given) = own
            && !given.revoked
        {
            given.revoked = true;
            counts.revoked += 1;
        }
        Ok(())
    }

    /// Whoever asks at an endpoint, proved by its key, each proof once.
    async fn asking(&self, body: &str, endpoint: &str) -> Result<(Fields, std::sync::Arc<Client>), Denied> {
        let fields = Fields::parse(body.as_bytes()).map_err(|_| Denied::Form)?;
        let id = claimed(&fields)?;
        let client = self.client(&id).await.map_err(|_| Denied::Client)?;
        let jti = proved(&fields, &client, &self.0.provider.endpoint(endpoint), self.now())?;
        if self.desk().used.put(&format!("assertion {id} {jti}"), ()) {
            Ok((fields, client))
        } else {
            Err(Denied::Jti)
        }
    }

    fn tokens(&self, grant: Grant) -> Result<Response, Fault> {
        let tokens = self.answering(&grant)?.tokens()?;
        let ends = after_seconds(self.now(), HOLDS_SECONDS);
        let mut desk = self.desk();
        desk.tokens.put(&tokens.access, Given { grant, ends, revoked: false });
        desk.counts.redeemed += 1;
        let body = json!({
            "access_token": tokens.access,
            "token_type": "Bearer",
            "expires_in": HOLDS_SECONDS,
            "id_token": tokens.id,
        });
        Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
    }

    fn answering<'a>(&'a self, grant: &'a Grant) -> Result<Answering<'a>, Fault> {
        let about = self.person(&grant.person).ok_or_else(|| Fault::bare("answering about nobody"))?;
        let (provider, entropy) = (&self.0.provider, &*self.0.entropy);
        Ok(Answering { provider, grant, about, now: self.now(), entropy })
    }
}
