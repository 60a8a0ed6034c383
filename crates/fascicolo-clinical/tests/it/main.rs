//! Files we take in, files we refuse, and files that others made.

#[cfg(test)]
mod interop;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod sealing;
#[cfg(test)]
mod writing;
