//! The yardstick of `make bench` for TLS: rustls as it comes, one blocking thread, a fixed answer, nothing else.
//! Usage: bare_tls CERTIFICATE.pem KEY.pem; prints its port.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (certificate, key) = arguments.next().zip(arguments.next()).ok_or("bare_tls CERTIFICATE KEY")?;
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(std::io::stdout(), "port={}", listener.local_addr()?.port())?;
    for stream in listener.incoming() {
        // a client that goes away is its own affair
        drop(answer(stream?, &config));
    }
    Ok(())
}

fn answer(stream: TcpStream, config: &Arc<ServerConfig>) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(config))?, stream);
    let mut request = [0; 1024];
    if tls.read(&mut request)? > 0 {
        tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")?;
        tls.conn.send_close_notify();
        tls.flush()?;
    }
    Ok(())
}
