//! The migrations' markers, expanded per engine: `{{bytes}}`, `{{partition by citizen}}`, `{{partition by month}}`.
//! A table partitioned by month has a column `day`: 00:00 UTC in milliseconds.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Hash partitions of a table that grows with people.
const CITIZEN_PARTITIONS: u32 = 16;

const BYTES: &str = "{{bytes}}";
const BY_CITIZEN: &str = "{{partition by citizen}}";
const BY_MONTH: &str = "{{partition by month}}";

pub(super) fn sqlite(portable: &str) -> String {
    portable.replace(BYTES, "BLOB").replace(BY_CITIZEN, "").replace(BY_MONTH, "")
}

pub(super) fn postgres(portable: &str) -> String {
    portable.replace(BYTES, "BYTEA").split_inclusive(';').map(partitioned).collect()
}

fn partitioned(statement: &str) -> String {
    let Some(table) =
        statement.split_once("CREATE TABLE ").and_then(|(_, rest)| rest.split_whitespace().next())
    else {
        return statement.to_owned();
    };
    if statement.contains(BY_CITIZEN) {
        let mut sql = statement.replace(BY_CITIZEN, "PARTITION BY HASH (citizen_id)");
        for i in 0..CITIZEN_PARTITIONS {
            sql.push_str(&format!(
                "\nCREATE TABLE {table}_h{i:02} PARTITION OF {table} \
                 FOR VALUES WITH (MODULUS {CITIZEN_PARTITIONS}, REMAINDER {i});"
            ));
        }
        sql
    } else if statement.contains(BY_MONTH) {
        let mut sql = statement.replace(BY_MONTH, "PARTITION BY RANGE (day)");
        sql.push_str(&format!("\nCREATE TABLE {table}_rest PARTITION OF {table} DEFAULT;"));
        sql
    } else {
        statement.to_owned()
    }
}

/// One month, UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Month {
    first: Date,
}

impl Month {
    /// The month of an instant and the ones after it.
    pub(crate) fn starting(now: Timestamp, count: usize) -> Vec<Self> {
        let first = now.to_zoned(TimeZone::UTC).date().first_of_month();
        let months = std::iter::successors(Some(first), |m| m.last_of_month().tomorrow().ok());
        months.take(count).map(|first| Self { first }).collect()
    }

    /// The statement that makes its partition.
    pub(super) fn partition_of(self, table: &str) -> String {
        let end = self.first.last_of_month().tomorrow().unwrap_or(Date::MAX);
        format!(
            "CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ({}) TO ({})",
            millis(self.first),
            millis(end),
            name = self.name(table),
        )
    }

    pub(super) fn name(self, table: &str) -> String {
        format!("{table}_{:04}_{:02}", self.first.year(), self.first.month())
    }
}

/// 00:00 UTC of a day, in milliseconds.
fn millis(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "CREATE TABLE a (x {{bytes}});\nCREATE TABLE b (citizen_id TEXT) {{partition by citizen}};\n\
                        CREATE TABLE c (day BIGINT) {{partition by month}};\nCREATE INDEX i ON c (day);";

    #[test]
    fn sqlite_has_no_partitions() {
        let sql = sqlite(TEXT);
        assert!(!sql.contains("{{") && !sql.contains("PARTITION") && sql.contains("x BLOB"), "{sql}");
    }

    #[test]
    fn postgres_has_sixteen_by_citizen_and_a_rest_by_month() {
        let sql = postgres(TEXT);
        assert!(!sql.contains("{{") && sql.contains("x BYTEA"), "{sql}");
        assert_eq!(sql.matches("PARTITION OF b").count(), 16);
        assert_eq!(sql.matches("PARTITION OF c DEFAULT").count(), 1);
        assert!(sql.ends_with("CREATE INDEX i ON c (day);"));
    }

    #[test]
    fn months_follow_each_other_over_the_year() {
        let months = Month::starting("2026-12-31T23:59:59Z".parse().unwrap(), 2);
        let sql: Vec<_> = months.iter().map(|m| m.partition_of("t")).collect();
        assert_eq!(
            sql,
            [
                "CREATE TABLE IF NOT EXISTS t_2026_12 PARTITION OF t FOR VALUES FROM (1796083200000) TO (1798761600000)",
                "CREATE TABLE IF NOT EXISTS t_2027_01 PARTITION OF t FOR VALUES FROM (1798761600000) TO (1801440000000)",
            ]
        );
    }
}
