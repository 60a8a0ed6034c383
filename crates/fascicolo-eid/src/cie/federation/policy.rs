//! Metadata policies: read, merged from the anchor down, applied in the standard's order (CIE-11).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cie::Refused;

/// The operators in the order in which they are applied.
const OPERATORS: [&str; 7] = ["value", "add", "default", "one_of", "subset_of", "superset_of", "essential"];

/// A text of words that operators treat as a list.
const SCOPE: &str = "scope";

/// Rules by type of entity, then by name of parameter.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Policy(BTreeMap<String, BTreeMap<String, Rules>>);

impl Policy {
    /// Reads a policy. An unknown operator is passed over, unless `critical` names it.
    ///
    /// # Errors
    /// [`Refused::PolicyShape`], [`Refused::PolicyCritical`], [`Refused::PolicyCombination`].
    pub fn read(policy: &Value, critical: &[&str]) -> Result<Self, Refused> {
        if critical.iter().any(|name| !OPERATORS.contains(name)) {
            return Err(Refused::PolicyCritical);
        }
        let mut types = BTreeMap::new();
        for (kind, parameters) in policy.as_object().ok_or(Refused::PolicyShape)? {
            let mut rules = BTreeMap::new();
            for (parameter, operators) in parameters.as_object().ok_or(Refused::PolicyShape)? {
                rules.insert(parameter.clone(), Rules::read(operators, parameter == SCOPE)?);
            }
            types.insert(kind.clone(), rules);
        }
        Ok(Self(types))
    }

    /// Adds what a subordinate demands besides.
    ///
    /// # Errors
    /// [`Refused::PolicyConflict`], [`Refused::PolicyCombination`].
    pub fn merge(mut self, below: Self) -> Result<Self, Refused> {
        for (kind, parameters) in below.0 {
            let ours = self.0.entry(kind).or_default();
            for (parameter, rules) in parameters {
                let merged = match ours.remove(&parameter) {
                    Some(above) => above.merge(rules)?,
                    None => rules,
                };
                ours.insert(parameter, merged);
            }
        }
        Ok(self)
    }

    /// What becomes of the metadata of one type of entity.
    ///
    /// # Errors
    /// [`Refused::PolicyValue`], [`Refused::PolicyEssential`].
    pub fn apply(&self, kind: &str, metadata: &Map<String, Value>) -> Result<Map<String, Value>, Refused> {
        let mut resolved = metadata.clone();
        // nothing is what null says
        resolved.retain(|_, value| !value.is_null());
        for (parameter, rules) in self.0.get(kind).into_iter().flatten() {
            let scope = parameter == SCOPE;
            let before = resolved.remove(parameter);
            let before = if scope { before.map(words) } else { before };
            if let Some(after) = rules.apply(before)? {
                let after = if scope { joined(&after)? } else { after };
                resolved.insert(parameter.clone(), after);
            }
        }
        Ok(resolved)
    }
}

/// What is demanded of one parameter.
#[derive(Clone, PartialEq, Debug, Default)]
struct Rules {
    /// `null` removes the parameter.
    value: Option<Value>,
    add: Option<Vec<Value>>,
    default: Option<Value>,
    one_of: Option<Vec<Value>>,
    subset_of: Option<Vec<Value>>,
    superset_of: Option<Vec<Value>>,
    essential: bool,
}

impl Rules {
    fn read(operators: &Value, scope: bool) -> Result<Self, Refused> {
        let operators = operators.as_object().ok_or(Refused::PolicyShape)?;
        let any = |name| operators.get(name).cloned().map(|v| if scope { words(v) } else { v });
        let list = |name| match any(name) {
            None => Ok(None),
            Some(Value::Array(list)) if operators.get(name).is_some_and(Value::is_array) => Ok(Some(list)),
            Some(_) => Err(Refused::PolicyShape),
        };
        let essential = match operators.get("essential") {
            None => false,
            Some(flag) => flag.as_bool().ok_or(Refused::PolicyShape)?,
        };
        let rules = Self {
            value: any("value"),
            add: list("add")?,
            default: any("default"),
            one_of: list("one_of")?,
            subset_of: list("subset_of")?,
            superset_of: list("superset_of")?,
            essential,
        };
        let nothing_allowed = rules.one_of.as_ref().is_some_and(Vec::is_empty);
        if rules.default == Some(Value::Null) || nothing_allowed {
            return Err(Refused::PolicyShape);
        }
        rules.may_stand_together()?;
        Ok(rules)
    }

    /// The combinations that the standard allows.
    fn may_stand_together(&self) -> Result<(), Refused> {
        let lists = self.add.is_some() || self.subset_of.is_some() || self.superset_of.is_some();
        let mut good = !(self.one_of.is_some() && lists);
        if let Some(value) = &self.value {
            let values = value.as_array();
            let holds = |part: &[Value]| values.is_some_and(|all| within(part, all));
            good &= !(value.is_null() && (self.default.is_some() || self.essential));
            good &= self.add.as_deref().is_none_or(holds);
            good &= self.one_of.as_ref().is_none_or(|list| list.contains(value));
            good &= self.subset_of.as_ref().is_none_or(|all| values.is_some_and(|v| within(v, all)));
            good &= self.superset_of.as_deref().is_none_or(holds);
        }
        if let Some(all) = &self.subset_of {
            good &= self.add.as_ref().is_none_or(|part| within(part, all));
            good &= self.superset_of.as_ref().is_none_or(|part| within(part, all));
        }
        if good { Ok(()) } else { Err(Refused::PolicyCombination) }
    }

    fn merge(self, below: Self) -> Result<Self, Refused> {
        let one_of = both(self.one_of, below.one_of, |one, other| intersection(one, &other));
        if one_of.as_ref().is_some_and(Vec::is_empty) {
            return Err(Refused::PolicyConflict);
        }
        let merged = Self {
            value: equal(self.value, below.value)?,
            add: both(self.add, below.add, union),
            default: equal(self.default, below.default)?,
            one_of,
            subset_of: both(self.subset_of, below.subset_of, |one, other| intersection(one, &other)),
            superset_of: both(self.superset_of, below.superset_of, union),
            essential: self.essential || below.essential,
        };
        merged.may_stand_together()?;
        Ok(merged)
    }

    /// Each operator in its turn.
    fn apply(&self, parameter: Option<Value>) -> Result<Option<Value>, Refused> {
        let mut parameter = match &self.value {
            Some(Value::Null) => None,
            Some(value) => Some(value.clone()),
            None => parameter,
        };
        if let Some(add) = &self.add {
            let present = parameter.map_or(Ok(Vec::new()), listed)?;
            parameter = Some(Value::Array(union(present, add.clone())));
        }
        let Some(value) = parameter.or_else(|| self.default.clone()) else {
            return if self.essential { Err(Refused::PolicyEssential) } else { Ok(None) };
        };
        if self.one_of.as_ref().is_some_and(|allowed| !allowed.contains(&value)) {
            return Err(Refused::PolicyValue);
        }
        let value = match &self.subset_of {
            Some(allowed) => Value::Array(intersection(listed(value)?, allowed)),
            None => value,
        };
        if let Some(demanded) = &self.superset_of
            && !within(demanded, value.as_array().ok_or(Refused::PolicyValue)?)
        {
            return Err(Refused::PolicyValue);
        }
        // stricter than the standard, as the national profile is
        if self.essential && value.as_array().is_some_and(Vec::is_empty) {
            return Err(Refused::PolicyEssential);
        }
        Ok(Some(value))
    }
}

fn listed(value: Value) -> Result<Vec<Value>, Refused> {
    match value {
        Value::Array(list) => Ok(list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err(Refused::PolicyValue)
        }
    }
}

fn within(part: &[Value], all: &[Value]) -> bool {
    part.iter().all(|value| all.contains(value))
}

fn union(mut one: Vec<Value>, other: Vec<Value>) -> Vec<Value> {
    for value in other {
        if !one.contains(&value) {
            one.push(value);
        }
    }
    one
}

fn intersection(mut one: Vec<Value>, other: &[Value]) -> Vec<Value> {
    one.retain(|value| other.contains(value));
    one
}

fn both<T>(one: Option<T>, other: Option<T>, merge: impl Fn(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(merge(one, other)),
        (one, other) => one.or(other),
    }
}

fn equal(one: Option<Value>, other: Option<Value>) -> Result<Option<Value>, Refused> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Err(Refused::PolicyConflict),
        (one, other) => Ok(one.or(other)),
    }
}

/// A text, or texts in a list, as the list of their words; anything else as it is.
fn words(value: Value) -> Value {
    let split = |text: &str| -> Vec<Value> {
        text.split(' ').filter(|word| !word.is_empty()).map(Value::from).collect()
    };
    match value {
        Value::String(text) => Value::Array(split(&text)),
        Value::Array(list) => {
            let flat = list.into_iter().flat_map(|value| match value.as_str() {
                Some(text) => split(text),
                None => vec![value],
            });
            Value::Array(flat.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value,
    }
}

fn joined(value: &Value) -> Result<Value, Refused> {
    let words: Option<Vec<&str>> = value.as_array().and_then(|l| l.iter().map(Value::as_str).collect());
    Ok(Value::from(words.ok_or(Refused::PolicyValue)?.join(" ")))
}
