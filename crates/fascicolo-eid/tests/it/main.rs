//! What foreign bytes may and may not do.

#[cfg(test)]
mod canonical;
#[cfg(test)]
mod cie;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod federations;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod logout_attacks;
#[cfg(test)]
mod maker;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod metadata_rules;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod request;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod spellings;
#[cfg(test)]
mod variants;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod wrapping;
