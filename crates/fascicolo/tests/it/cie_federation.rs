//! A federation of two, on this machine over TLS: an anchor and a provider that it vouches for.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use fascicolo_adapters::{SystemClock, rsa, tls};
use fascicolo_eid::cie::jose::{JwkSet, SigningKey, sign};
use fascicolo_web::ports::Clock as _;
use jiff::Timestamp;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// What it takes to believe it.
pub(crate) struct Federation {
    pub(crate) anchor: String,
    /// The anchor's public keys.
    pub(crate) keys: String,
    /// The certificate of its server.
    pub(crate) certificate: String,
}

/// The program under test has the clock of this machine.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_pem(&rsa::new_pem(2048).unwrap()).unwrap()
}

fn jwks(key: &SigningKey) -> Value {
    JwkSet::new(vec![key.jwk().clone()]).to_json()
}

fn statement(key: &SigningKey, issuer: &str, subject: &str, keys: &Value, more: &Value) -> String {
    // issued some hours ago, so that a chain of then would hold
    let (issued, ends) = (now().as_second() - 10 * 3600, now().as_second() + 3600);
    let mut claims =
        json!({"iss": issuer, "sub": subject, "iat": issued, "exp": ends, "jwks": keys, "metadata": {}});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sign(key, Some("entity-statement+jwt"), &claims).unwrap()
}

impl Federation {
    /// Serves until the tests end.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let anchor = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let provider = Self::provider_of(&anchor);
        let (above, below) = (key(), key());
        let fetch = json!({"federation_entity": {"federation_fetch_endpoint": format!("{anchor}/fetch")}});
        let of_provider = json!({"openid_provider": {
            "issuer": provider,
            "authorization_endpoint": format!("{provider}/authorization"),
            "token_endpoint": format!("{provider}/token"),
            "userinfo_endpoint": format!("{provider}/userinfo"),
            "jwks": jwks(&below),
            "id_token_signing_alg_values_supported": ["RS256"],
        }});
        let files = HashMap::from([
            (
                "/.well-known/openid-federation",
                statement(&above, &anchor, &anchor, &jwks(&above), &json!({"metadata": fetch})),
            ),
            ("/fetch", statement(&above, &anchor, &provider, &jwks(&below), &json!({}))),
            (
                "/op/.well-known/openid-federation",
                statement(
                    &below,
                    &provider,
                    &provider,
                    &jwks(&below),
                    &json!({"metadata": of_provider, "authority_hints": [anchor]}),
                ),
            ),
        ]);
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, private) = (made.cert.pem(), made.signing_key.serialize_pem());
        let config = tls::server_config(certificate.as_bytes(), private.as_bytes()).unwrap();
        let mut config = ServerConfig::clone(&config);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = Arc::new(config);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                // who does not like our certificate hangs up
                let _ = answer(stream, &config, &files);
            }
        });
        Self { keys: jwks(&above).to_string(), anchor, certificate }
    }

    pub(crate) fn provider_of(anchor: &str) -> String {
        format!("{anchor}/op")
    }
}

fn answer(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    files: &HashMap<&str, String>,
) -> std::io::Result<()> {
    let tls = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut stream = BufReader::new(StreamOwned::new(tls, stream));
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if stream.read_line(&mut request)? == 0 {
            return Ok(());
        }
    }
    let target = request.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let (status, body) = files.get(path).map_or(("404 Not Found", ""), |body| ("200 OK", body));
    let stream = stream.get_mut();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())?;
    stream.conn.send_close_notify();
    stream.flush()
}
