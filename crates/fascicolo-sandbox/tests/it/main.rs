//! The sandbox from outside: the program on free ports, and a person's whole way in over plain HTTP.

mod browser;
mod journey;
mod program;
