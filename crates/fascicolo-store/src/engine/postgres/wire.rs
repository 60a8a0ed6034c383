//! Values to the wire, errors from it. No message of the server is kept: its details hold values.

use tokio_postgres::Error;
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::engine::Broken;
use crate::row::Value;

pub(super) fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

impl Value {
    pub(super) fn postgres_type(&self) -> Type {
        match self {
            Self::Text(_) => Type::TEXT,
            Self::Int(_) => Type::INT8,
            Self::Flag(_) => Type::BOOL,
            Self::Bytes(_) => Type::BYTEA,
        }
    }
}

type ToSqlError = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, ToSqlError> {
        match self {
            Self::Text(text) => text.to_sql(ty, out),
            Self::Int(int) => int.to_sql(ty, out),
            Self::Flag(flag) => flag.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::TEXT, Type::INT8, Type::BOOL, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

pub(super) fn broken(error: &Error) -> Broken {
    let Some(db) = error.as_db_error() else {
        return Broken::passing(format!("PostgreSQL is out of reach: {}", kind(error)));
    };
    let code = db.code().code();
    let place = db.constraint().or_else(|| db.table()).unwrap_or("");
    let reason = format!("PostgreSQL {code} {place}");
    // Connection, resources, operator intervention, system, serialization, locks, a read-only standby.
    let passing = ["08", "53", "57", "58", "40"].iter().any(|class| code.starts_with(class))
        || ["55P03", "25006", "28000"].contains(&code);
    if passing { Broken::passing(reason) } else { Broken::new(reason) }
}

fn kind(error: &Error) -> String {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return io.kind().to_string();
        }
        source = cause.source();
    }
    if error.is_closed() { "closed" } else { "no connection" }.to_owned()
}
