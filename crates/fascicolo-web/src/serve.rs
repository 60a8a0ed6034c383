//! TLS or plain accept loop.
