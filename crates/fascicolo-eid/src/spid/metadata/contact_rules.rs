//! The rules of the contacts, by what the document is judged as (SPID-M10 to M12, SPID-C2).

use roxmltree::Node;

use super::contacts::AgentRole;
use super::rules::{Profile, Verdict, children, key, organization_name, words};
use super::{CIE, SPID};
use crate::xml::{attribute, is};

/// The elements that say what a contact is; one contact is one thing.
const KINDS: [&str; 9] = [
    "Public",
    "Private",
    "PublicOperator",
    "PublicServicesFullAggregator",
    "PublicServicesLightAggregator",
    "PublicServicesFullOperator",
    "PublicServicesLightOperator",
    "PrivateServicesFullAggregator",
    "PrivateServicesLightAggregator",
];

pub(super) fn contacts(root: Node<'_, '_>, profile: Profile, verdict: &mut Verdict) {
    let persons: Vec<_> = children(root, "ContactPerson").map(Person).collect();
    verdict.demand("SPID-M12", "at most two contacts", persons.len() <= 2);
    let organization = organization_name(root);
    match profile {
        Profile::Body => body(&persons, organization, verdict),
        Profile::Agent(role) => {
            let named = attribute(root, "entityID").is_some_and(|id| id.contains(role.code()));
            verdict.demand("SPID-M11", "the code of the role in the entityID", named);
            agent(&persons, role, organization, verdict);
        }
        Profile::Cie => cie(&persons, organization, verdict),
    }
}

struct Person<'t, 'i>(Node<'t, 'i>);

impl<'t, 'i> Person<'t, 'i> {
    fn kind(&self) -> Option<&'t str> {
        attribute(self.0, "contactType")
    }

    /// What SPID calls its entity type, without the prefix.
    fn entity_type(&self) -> Option<&'t str> {
        self.0.attribute((SPID, "entityType")).map(|text| text.trim_start_matches("spid:"))
    }

    fn extension(&self, namespace: &'static str, local: &'static str) -> Option<Node<'t, 'i>> {
        let inside = children(self.0, "Extensions").flat_map(|n| n.children());
        inside.filter(|n| is(*n, namespace, local)).last()
    }

    fn has(&self, namespace: &'static str, local: &'static str) -> bool {
        self.extension(namespace, local).is_some_and(|n| !words(n).is_empty())
    }

    /// That it is this kind of thing and no other.
    fn is_only(&self, namespace: &'static str, kind: &str) -> bool {
        KINDS.into_iter().all(|local| {
            let there = self.extension(namespace, local);
            if local == kind { there.is_some_and(|n| !n.has_children()) } else { there.is_none() }
        })
    }

    fn text(&self, local: &'static str) -> Option<&'t str> {
        children(self.0, local).next().map(words)
    }

    /// One address, and a phone that can be called from anywhere.
    fn can_be_reached(&self) -> bool {
        let mail = self.text("EmailAddress").and_then(|mail| mail.split_once('@'));
        let phone = self.text("TelephoneNumber").is_none_or(|phone| {
            phone
                .strip_prefix("+39")
                .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        });
        let one = children(self.0, "EmailAddress").count() == 1;
        one && phone && mail.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    }

    /// That its tax number, if there, starts with a country.
    fn tax_number_is_good(&self) -> bool {
        self.extension(SPID, "VATNumber").is_none_or(|n| {
            let number = words(n);
            number.len() > 2 && number.bytes().take(2).all(|b| b.is_ascii_uppercase())
        })
    }
}

fn body(persons: &[Person<'_, '_>], organization: &str, verdict: &mut Verdict) {
    let [person] = persons else {
        verdict.demand("SPID-M10", "one contact", false);
        return;
    };
    let other = person.kind() == Some("other") && person.entity_type().is_none();
    verdict.demand("SPID-M10", "a contact of type other, in no role for another", other);
    verdict.demand("SPID-M10", "an IPACode", person.has(SPID, "IPACode"));
    verdict.demand(
        "SPID-M10",
        "an empty Public, and nothing else of its kind",
        person.is_only(SPID, "Public"),
    );
    reachable("SPID-M10", person, verdict);
    let same = person.text("Company").is_none_or(|company| company == organization);
    verdict.demand("SPID-M10", "the organization's name as the Company", same);
}

fn reachable(rule: &'static str, person: &Person<'_, '_>, verdict: &mut Verdict) {
    verdict.demand(rule, "one e-mail address, and a phone of +39 and digits", person.can_be_reached());
    verdict.demand(rule, "a VATNumber that starts with a country", person.tax_number_is_good());
}

fn agent(persons: &[Person<'_, '_>], role: AgentRole, organization: &str, verdict: &mut Verdict) {
    let wanted = if role == AgentRole::FullOperator { 1 } else { 2 };
    let others = persons.iter().all(|person| person.kind() == Some("other"));
    let of_type = |name| persons.iter().find(|person| person.entity_type() == Some(name));
    let (agent, body) = (of_type("aggregator"), of_type("aggregated"));
    let there = usize::from(agent.is_some()) + usize::from(body.is_some());
    let what = "a contact for the agent, another for the body it acts for (a full operator: none)";
    let complete = agent.is_some() && others && there == wanted && persons.len() == wanted;
    verdict.demand("SPID-M11", what, complete);
    if let Some(agent) = agent {
        verdict.demand("SPID-M11", "the element of the role, alone", agent.is_only(SPID, role.element()));
        let validation = agent.extension(SPID, "KeyDescriptor");
        let certified =
            validation.is_some_and(|n| attribute(n, "use") == Some("spid:validation") && key(n).is_some());
        verdict.demand(
            "SPID-M11",
            "a light agent's certificate for validation",
            certified || !role.is_light(),
        );
        verdict.demand(
            "SPID-M11",
            "no such certificate of a full agent",
            validation.is_none() || role.is_light(),
        );
        let company = agent.text("Company").unwrap_or_default();
        let named = if role.is_operator() { company == organization } else { !company.is_empty() };
        verdict.demand("SPID-M11", "the agent's Company; an operator is the organization", named);
        let numbers = ["IPACode", "VATNumber", "FiscalCode"].into_iter().all(|name| agent.has(SPID, name));
        verdict.demand(
            "SPID-M11",
            "an operator's IPACode, VATNumber and FiscalCode",
            numbers || !role.is_operator(),
        );
        reachable("SPID-M11", agent, verdict);
    }
    if let Some(body) = body {
        verdict.demand("SPID-M11", "an empty Public of the body", body.is_only(SPID, "Public"));
        verdict.demand("SPID-M11", "the body's IPACode", body.has(SPID, "IPACode"));
        let company = body.text("Company").unwrap_or_default();
        let named = if role.is_operator() { !company.is_empty() } else { company == organization };
        verdict.demand("SPID-M11", "the body's Company; to an aggregator it is the organization", named);
        reachable("SPID-M11", body, verdict);
    }
}

fn cie(persons: &[Person<'_, '_>], organization: &str, verdict: &mut Verdict) {
    let kinds: Vec<_> = persons.iter().map(Person::kind).collect();
    let known =
        matches!(kinds.as_slice(), [Some("administrative")] | [Some("administrative"), Some("technical")]);
    verdict.demand("SPID-C2", "an administrative contact, then perhaps a technical one", known);
    for person in persons {
        let municipality = person.extension(CIE, "Municipality").map(words).unwrap_or_default();
        verdict.demand(
            "SPID-C2",
            "a Municipality by its Belfiore code in each contact",
            is_belfiore(municipality),
        );
        let named = person.text("Company").is_some_and(|company| !company.is_empty());
        verdict.demand("SPID-C2", "a Company in each contact", named);
        let reached = person.can_be_reached();
        verdict.demand("SPID-C2", "one e-mail address, and a phone of +39 and digits", reached);
        if person.kind() == Some("administrative") {
            verdict.demand("SPID-C2", "an empty Public, and no Private", person.is_only(CIE, "Public"));
            verdict.demand("SPID-C2", "an IPACode", person.has(CIE, "IPACode"));
            let same = person.text("Company") == Some(organization);
            verdict.demand("SPID-C2", "the organization's name as the Company", same);
        } else {
            let private =
                ["VATNumber", "FiscalCode", "NACE2Code"].into_iter().all(|name| person.has(CIE, name));
            let public = person.is_only(CIE, "Public") && person.has(CIE, "IPACode");
            let known = public || (private && person.is_only(CIE, "Private"));
            verdict.demand("SPID-C2", "a partner's public code, or its numbers and trade", known);
        }
    }
}

/// A letter and three digits: `H501`.
fn is_belfiore(code: &str) -> bool {
    let letter = code.starts_with(|c: char| c.is_ascii_uppercase());
    letter && code.len() == 4 && code.bytes().skip(1).all(|b| b.is_ascii_digit())
}
