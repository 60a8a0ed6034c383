//! What `doctor` looks at: our keys and trust marks, and whether the federation vouches for the provider (CIE-9, CIE-13).

use fascicolo_adapters::SystemClock;
use fascicolo_eid::cie::jose::Defect;
use fascicolo_eid::cie::{
    Anchor, Chain, Discovery, FETCH_BYTES, FETCH_SECONDS, Next, Phase, Provider, Refused,
};
use fascicolo_web::login::openid::{FederationState, follow};
use fascicolo_web::ports::{Clock as _, Fetch, Request};
use jiff::Timestamp;

use super::{keys, watch};
use crate::assemble;
use crate::config::{Config, Protocol};
use crate::doctor::Report;
use crate::failure::Failure;

/// Looks at all of it. The provider is looked at when logins use it and the database answers.
///
/// # Errors
/// The answer cannot be printed.
pub(crate) async fn look(config: &Config, database: bool, report: &mut Report<'_>) -> Result<(), Failure> {
    if config.cie_openid.is_none() {
        return Ok(());
    }
    let now = SystemClock.now();
    own_keys(config, report, now)?;
    trust_marks(config, report, now)?;
    let anchor = match super::anchor(config) {
        Ok(anchor) => anchor,
        Err(failure) => return report.say("CIE anchor", Err::<&str, _>(failure.0)),
    };
    report.say("CIE anchor", Ok::<_, &str>(format!("pinned keys: {}", anchor.keys.keys().len())))?;
    if database && config.cie.as_ref().is_some_and(|cie| cie.protocol == Protocol::Openid) {
        provider(config, &anchor, report, now).await?;
    }
    Ok(())
}

fn own_keys(config: &Config, report: &mut Report<'_>, now: Timestamp) -> Result<(), Failure> {
    let ours = match keys::read(config) {
        Ok(ours) => ours,
        Err(failure) => return report.say("CIE keys", Err::<&str, _>(failure.0)),
    };
    for life in ours.lives(now) {
        let what = format!("CIE {} key {}", keys::word(life.purpose), life.kid);
        match (life.phase, life.next.first()) {
            (Phase::Gone, _) => report
                .odd(&what, format!("of no use any more: keep {} elsewhere", life.file.path.display()))?,
            (phase, Some((at, next))) if at.duration_since(now) < watch::PHASE_SOON => {
                let (phase, next) = (keys::phase(phase), keys::phase(*next));
                report
                    .odd(&what, format!("{phase}, and {next} from {at}: every node must have the files"))?;
            }
            (phase, Some((at, next))) => {
                let (phase, next) = (keys::phase(phase), keys::phase(*next));
                report.say(&what, Ok::<_, &str>(format!("{phase}; {next} from {at}")))?;
            }
            (phase, None) => report.say(&what, Ok::<_, &str>(keys::phase(phase)))?,
        }
    }
    let signing = ours.keys.federation_key(now).and_then(|_| ours.keys.signing_key(now));
    report.say("CIE keys", signing.map(|_| "can sign"))
}

fn trust_marks(config: &Config, report: &mut Report<'_>, now: Timestamp) -> Result<(), Failure> {
    let marks = match super::trust_marks(config) {
        Ok(marks) => marks,
        Err(failure) => return report.say("CIE trust marks", Err::<&str, _>(failure.0)),
    };
    if marks.is_empty() {
        return report.odd("CIE trust marks", "none: the provider may not know us");
    }
    for held in marks {
        let what = format!("CIE trust mark {}", held.mark.kind);
        match held.expires {
            Some(end) if end <= now => report.say(&what, Err::<&str, _>(format!("ended on {end}")))?,
            Some(end) if end.duration_since(now) < watch::MARK_SOON => {
                report.odd(&what, format!("ends on {end}: ask for the next one"))?;
            }
            Some(end) => report.say(&what, Ok::<_, &str>(format!("holds until {end}")))?,
            None => report.say(&what, Ok::<_, &str>("has no end"))?,
        }
    }
    Ok(())
}

/// The chain that the nodes keep; when there is none, whether one can be had.
async fn provider(
    config: &Config,
    anchor: &Anchor,
    report: &mut Report<'_>,
    now: Timestamp,
) -> Result<(), Failure> {
    const WHAT: &str = "CIE provider";
    match kept(config, now).await {
        Ok(Some(state)) if watch::is_overdue(state, now) => {
            let (at, until) = (state.verified_at, state.expires);
            return report.odd(
                WHAT,
                format!("could not be verified again since {at}: from {until} nobody gets in by CIE"),
            );
        }
        Ok(Some(state)) => {
            let (at, until) = (state.verified_at, state.expires);
            return report.say(WHAT, Ok::<_, &str>(format!("verified on {at}, holds until {until}")));
        }
        Ok(None) => {}
        Err(failure) => report.odd(WHAT, format!("what is kept of it is not good: {}", failure.0))?,
    }
    let id = super::settings(config)?.1.provider.clone();
    let found = match assemble::web(config) {
        Ok(web) => resolve(&web, anchor, &id, now).await,
        Err(fault) => Err(format!("{fault:?}")),
    };
    report.say(WHAT, found.map(|until| format!("the federation vouches for it until {until}")))
}

async fn kept(config: &Config, now: Timestamp) -> Result<Option<FederationState>, Failure> {
    let app = assemble::app(config).await?;
    follow(&app, now).await?;
    let state = app.openid.as_ref().and_then(|openid| openid.state());
    Ok(state.filter(|state| now < state.expires))
}

/// From the anchor to the provider; until when, or which step failed and why.
async fn resolve(fetch: &dyn Fetch, anchor: &Anchor, id: &str, now: Timestamp) -> Result<Timestamp, String> {
    let mut step = Discovery::begin(anchor, id).map_err(|refused| refused.code().to_owned())?;
    let mut steps = [
        "what the anchor says of itself",
        "what the anchor says of the provider",
        "what the provider says of itself",
    ]
    .into_iter();
    loop {
        let (what, url) = (steps.next().unwrap_or_default(), step.url().to_owned());
        let request = Request {
            within: std::time::Duration::from_secs(FETCH_SECONDS),
            ..Request::get(&url, FETCH_BYTES)
        };
        let body = fetch.file(request).await;
        let body = body.map_err(|fault| format!("{what} cannot be fetched from {url}: {fault:?}"))?;
        let refused = |refused| format!("{what} ({url}) is refused: {}", plain(refused));
        match step.take(&body, now).map_err(refused)? {
            Next::Fetch(next) => step = *next,
            Next::Done(chain) => return usable(&chain).map_err(refused),
        }
    }
}

fn usable(chain: &Chain) -> Result<Timestamp, Refused> {
    Provider::from_chain(chain).map(|provider| provider.expires)
}

/// The causes that an operator can do something about, in words; the others by the name of the rule.
fn plain(refused: Refused) -> String {
    let known = [
        (Refused::Jose(Defect::KeyUnknown), "signed with a key that is not among those we believe"),
        (Refused::Jose(Defect::Signature), "its signature does not hold"),
        (Refused::Jose(Defect::Parts), "it is no signed statement"),
        (Refused::StatementInFuture, "it was issued in the future: is our clock right?"),
        (Refused::StatementExpired, "it has ended: is our clock right?"),
        (Refused::StatementIssuer, "it is by somebody else"),
        (Refused::StatementSubject, "it is about somebody else"),
        (Refused::AuthorityHints, "it does not name the anchor above it"),
        (Refused::ProviderMetadata, "it is no provider's"),
    ];
    let words = known.into_iter().find(|(cause, _)| *cause == refused).map(|(_, words)| words);
    words.map_or_else(|| refused.code().to_owned(), |words| format!("{words} ({refused})"))
}
