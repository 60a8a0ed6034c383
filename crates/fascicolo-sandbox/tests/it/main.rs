//! The sandbox from outside: the program on free ports, and a person's whole way in over plain HTTP.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod in_process;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod program;
