//! The store on every engine: SQLite in a temporary file always, PostgreSQL when `FASCICOLO_TEST_POSTGRES` names a
//! server on which databases may be created.

#[cfg(test)]
mod access_log;
#[cfg(test)]
mod audit_chain;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod kept_files;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod login_requests;
#[cfg(test)]
mod logout_requests;
#[cfg(test)]
mod matching_requests;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod openid;
#[cfg(test)]
mod people;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sqlite_faults;
