//! Files we take in, files we refuse, and files that others made.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod forge;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod narratives;
#[cfg(test)]
mod pades;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod writing;
