//! One file a journey.

mod choose;
mod documents;
mod documents_broken;
mod documents_list;
mod federations;
mod history;
mod intake;
mod jobs;
mod login;
mod openid;
mod profile;
mod registry;
mod single_logout;
mod step_up;
mod verification;
