//! The pages that anybody may read: what this is, how to get in, who helps, and the files that browsers load with them.

pub mod assets;

use axum::Router;
use axum::routing::get;

use crate::App;

pub fn routes() -> Router<App> {
    Router::new().route("/a/{file}", get(assets::serve))
}
