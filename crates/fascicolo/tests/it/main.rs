//! The production program, and the shape of the repository.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod cie_federation;
#[cfg(test)]
mod cie_openid;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod example_config;
#[cfg(test)]
mod federations;
#[cfg(test)]
mod fetching;
#[cfg(test)]
mod import;
#[cfg(test)]
mod program;
#[cfg(test)]
mod register;
#[cfg(test)]
mod serving;
