//! Requests and token requests against the rules, and answers against the library that the site uses.

mod clients;
mod login;
mod requests;
mod tokens;
mod world;
