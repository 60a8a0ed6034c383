//! The site as a whole: its words, its pages, and journeys on the real router with the sandbox's stand-ins.

#[cfg(test)]
mod access_matrix;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod html;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod locales;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod paper;
#[cfg(test)]
mod spid;
