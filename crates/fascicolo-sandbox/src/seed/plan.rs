//! Which documents a person has: kinds, days and oddities, before anything is made.

use fascicolo_domain::documents::{Confidentiality, Kind};
use fascicolo_domain::secret::Digest;
use fascicolo_domain::time::{after_seconds, day_in_rome, rome};
use jiff::{Timestamp, ToSpan as _};

use crate::people::{Person, State};

/// How far back documents go, in days; not before birth.
const SPAN_DAYS: i64 = 8 * 365;

/// A document to be made.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) kind: Kind,
    /// The document number.
    pub(crate) number: String,
    pub(crate) issued_at: Timestamp,
    pub(crate) version: u32,
    /// The number of the version before.
    pub(crate) replaces: Option<String>,
    /// What is odd about it.
    pub(crate) state: Option<State>,
}

impl Planned {
    pub(crate) fn confidentiality(&self) -> Confidentiality {
        if self.state == Some(State::Protected) {
            Confidentiality::VeryRestricted
        } else {
            Confidentiality::Normal
        }
    }

    /// Contents follow the number; all versions of a document have the same.
    pub(crate) fn seed(&self) -> u64 {
        let series = self.number.rsplit_once('-').map_or(self.number.as_str(), |(series, _)| series);
        let digest = Digest::of(series.as_bytes());
        digest.as_bytes().iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
    }
}

/// The documents of the person who is number `at` in the fixture, `count` ordinary ones and the odd ones.
pub(crate) fn plan(person: &Person, at: usize, count: u32, kinds: &[Kind], now: Timestamp) -> Vec<Planned> {
    let days = days_of_life(person, now).clamp(1, SPAN_DAYS);
    let kind = |i: usize| kinds.get((i + at) % kinds.len().max(1)).copied();
    let mut planned: Vec<Planned> = (0..count)
        .filter_map(|i| {
            let index = usize::try_from(i).ok()?;
            // closer together the newer they are
            let (nth, all) = (i64::from(i + 1), i64::from(count));
            let ago = (days * nth * nth / (all * all)).max(2);
            Some(ordinary(kind(index)?, serial(at, index), issued(now, ago, index)))
        })
        .collect();
    for (i, state) in person.states.iter().enumerate() {
        let index = planned.len() + i;
        let ago = (20 + 37 * i64::try_from(i).unwrap_or(0)).min(days);
        if let Some(kind) = kind(index) {
            planned.extend(odd(*state, ordinary(kind, serial(at, index), issued(now, ago, index))));
        }
    }
    planned
}

fn ordinary(kind: Kind, number: String, issued_at: Timestamp) -> Planned {
    Planned { kind, number, issued_at, version: 1, replaces: None, state: None }
}

/// One odd document; for [`State::Replaced`] three, each a day after the one before.
fn odd(state: State, document: Planned) -> Vec<Planned> {
    if state != State::Replaced {
        return vec![Planned { state: Some(state), ..document }];
    }
    let number = |version: u32| format!("{}-{version}", document.number);
    let later = |version: u32| after_seconds(document.issued_at, 86_400 * i64::from(version - 1));
    (1..=3)
        .map(|version| Planned {
            number: number(version),
            issued_at: later(version),
            version,
            replaces: (version > 1).then(|| number(version - 1)),
            ..document.clone()
        })
        .collect()
}

fn days_of_life(person: &Person, now: Timestamp) -> i64 {
    day_in_rome(now).since(person.born).map_or(1, |span| i64::from(span.get_days()))
}

fn serial(at: usize, index: usize) -> String {
    format!("{:03}{index:06}", 101 + at)
}

/// In office hours, some days ago.
fn issued(now: Timestamp, days_ago: i64, index: usize) -> Timestamp {
    let minutes = i64::try_from(index).unwrap_or(0) * 47 % (9 * 60);
    let day = day_in_rome(now).saturating_sub(days_ago.days());
    let at = day.at(8, 30, 0, 0).checked_add(minutes.minutes()).ok();
    let at = at.and_then(|at| at.to_zoned(rome()).ok());
    at.map_or(now, |at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::people;
    use crate::samples;

    fn now() -> Timestamp {
        "2026-11-25T11:00:00Z".parse().unwrap()
    }

    fn planned(key: &str) -> Vec<Planned> {
        let people = people(now()).unwrap();
        let at = people.iter().position(|p| p.key == key).unwrap();
        plan(&people[at], at, u32::from(people[at].documents), &samples::kinds().unwrap(), now())
    }

    #[test]
    fn documents_lie_between_birth_and_today_and_have_numbers_of_their_own() {
        let people = people(now()).unwrap();
        let kinds = samples::kinds().unwrap();
        let mut numbers = Vec::new();
        for (at, person) in people.iter().enumerate() {
            for document in plan(person, at, u32::from(person.documents), &kinds, now()) {
                assert!(
                    document.issued_at < now() && day_in_rome(document.issued_at) >= person.born,
                    "{}",
                    person.key
                );
                numbers.push(document.number);
            }
        }
        let all = numbers.len();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
        assert!(all > 100, "{all}");
    }

    #[test]
    fn giulia_has_every_kind_several_years_and_every_state() {
        let giulia = planned("giulia");
        for kind in samples::kinds().unwrap() {
            assert!(giulia.iter().any(|d| d.kind == kind), "{kind:?}");
        }
        let years: Vec<i16> = giulia.iter().map(|d| day_in_rome(d.issued_at).year()).collect();
        assert!(years.contains(&2026) && years.contains(&2019));
        let last = giulia.iter().find(|d| d.version == 3).unwrap();
        let middle = giulia.iter().find(|d| Some(&d.number) == last.replaces.as_ref()).unwrap();
        assert_eq!((middle.version, middle.seed()), (2, last.seed()));
        assert!(giulia.iter().any(|d| d.state == Some(State::Annulled)));
    }

    #[test]
    fn who_has_none_gets_none() {
        assert!(planned("davide").is_empty());
    }
}
