//! Who may do what: the one table every action asks (ACC-A7). Whether *this* document may be opened is then
//! decided by [`crate::documents::access`].

use crate::person::Capacity;

/// What a person can do with a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    ListDocuments,
    ReadDocument,
    DownloadDocument,
    SeeAccessLog,
    SeeProfile,
    EndSession,
}

impl Act {
    pub const ALL: [Self; 6] = [
        Self::ListDocuments,
        Self::ReadDocument,
        Self::DownloadDocument,
        Self::SeeAccessLog,
        Self::SeeProfile,
        Self::EndSession,
    ];
}

/// Whether the capacity allows the act. People who act for themselves, of any age, may do all of these.
#[must_use]
pub fn may(capacity: Capacity, act: Act) -> bool {
    match (capacity, act) {
        (
            Capacity::Child | Capacity::Adolescent | Capacity::Adult | Capacity::Ward,
            Act::ListDocuments
            | Act::ReadDocument
            | Act::DownloadDocument
            | Act::SeeAccessLog
            | Act::SeeProfile
            | Act::EndSession,
        ) => true,
    }
}
