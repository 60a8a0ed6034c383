//! CIE by OpenID Connect: what another's bytes may and may not do.

pub(crate) mod maker;

mod chain;
mod corpus;
mod discovery;
mod historical;
mod id_token;
mod jose;
mod jwe;
mod keys;
mod login;
mod marks;
mod policy;
mod provider;
mod publish;
mod recorded;
mod tokens;
mod userinfo;
