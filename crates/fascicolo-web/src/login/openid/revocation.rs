//! The access token of a session that is gone is revoked at the provider: after our own session, whatever comes of it
//! (CIE-27). There is no single logout in this protocol.

use fascicolo_domain::Fault;
use fascicolo_domain::ids::EventId;
use fascicolo_store::OpenIdToken;
use jiff::{SignedDuration, Timestamp};

use super::OpenId;
use super::actions::{client, moment, post};
use crate::App;

/// A provider that did not answer is asked again after this.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// Then it is left alone: tokens live for minutes.
const TRIES: u8 = 5;

/// Under which a token is sealed.
pub(super) fn context(login: EventId) -> String {
    format!("access token {login}")
}

/// Revokes the tokens whose session is gone. A failure is for the log, and is tried again.
///
/// # Errors
/// The store failed.
pub async fn revoke_due(app: &App, now: Timestamp) -> Result<(), Fault> {
    let Some(openid) = &app.openid else { return Ok(()) };
    let again = now.checked_add(AGAIN).unwrap_or(Timestamp::MAX);
    let due = app.store.write(async move |tx| tx.take_orphan_tokens(now, again).await).await?;
    for token in due {
        let id = token.id;
        let answered = revoke(app, openid, &token, now).await;
        let done = matches!(answered, Ok(true));
        if done || token.tries >= TRIES {
            app.store.write(async move |tx| tx.delete_openid_token(id).await).await?;
        }
        if let Err(fault) = answered {
            // nobody waits for the others at a provider that does not answer
            tracing::warn!("revoking an access token: {fault:?}");
            break;
        }
    }
    Ok(())
}

/// `true`: the provider knows, or cannot be told.
async fn revoke(app: &App, openid: &OpenId, token: &OpenIdToken, now: Timestamp) -> Result<bool, Fault> {
    let Some(known) = openid.known(now) else { return Ok(false) };
    if known.provider.issuer != token.issuer || known.provider.revocation_endpoint.is_none() {
        return Ok(true);
    }
    let opened = app.keyring.open_bytes(&context(token.id), &token.token)?;
    let text = String::from_utf8(opened).map_err(|e| Fault::new("reading an access token", e))?;
    let request = client(openid, &known)
        .revocation(&text, moment(app)?)
        .map_err(|e| Fault::new("signing a client assertion", e))?;
    let reply = openid.fetch.send(post(request.url, request.body)).await?;
    if reply.status != 200 {
        tracing::warn!(status = reply.status, "the provider of CIE did not revoke a token");
    }
    Ok(reply.status == 200)
}
