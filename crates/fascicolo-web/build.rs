//! Prepares what browsers load besides pages: each file gets a name that holds the digest of its bytes, a Brotli copy
//! and a constant (`site.css` → `SITE_CSS`), so that a page can only name a file that exists.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest as _, Sha256};

/// What is shipped under its own name. Style sheets come last: they name the fonts.
const FILES: [&str; 7] = [
    "favicon.svg",
    "site.js",
    "vendor/bootstrap-italia/icons.svg",
    "vendor/bootstrap-italia/titillium-400.woff2",
    "vendor/bootstrap-italia/titillium-600.woff2",
    "vendor/bootstrap-italia/titillium-700.woff2",
    "vendor/bootstrap-italia/roboto-mono-400.woff2",
];

/// The one style sheet, in this order.
const SHEETS: [&str; 3] = ["vendor/bootstrap-italia/bootstrap-italia.css", "fonts.css", "site.css"];

fn main() -> Result<(), Box<dyn Error>> {
    writeln!(stdout(), "cargo::rerun-if-changed=build.rs\ncargo::rerun-if-changed=assets")?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    let assets = Path::new("assets");
    let mut shipped = Shipped { out, constants: String::new(), table: String::new(), names: BTreeMap::new() };
    for file in FILES {
        shipped.ship(file.rsplit('/').next().unwrap_or(file), &fs::read(assets.join(file))?)?;
    }
    let mut sheet = String::new();
    for file in SHEETS {
        sheet.push_str(&fs::read_to_string(assets.join(file))?);
        sheet.push('\n');
    }
    for (plain, hashed) in &shipped.names {
        sheet = sheet.replace(&format!("url(\"{plain}\")"), &format!("url(\"{hashed}\")"));
    }
    shipped.ship("site.css", sheet.as_bytes())?;
    shipped.write()
}

struct Shipped {
    out: PathBuf,
    constants: String,
    table: String,
    /// Plain name → name with digest.
    names: BTreeMap<String, String>,
}

impl Shipped {
    fn ship(&mut self, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        let (stem, extension) = name.rsplit_once('.').ok_or("a file without extension")?;
        let mut hashed = format!("{stem}.");
        for byte in Sha256::digest(bytes).iter().take(4) {
            write!(hashed, "{byte:02x}")?;
        }
        write!(hashed, ".{extension}")?;
        fs::write(self.out.join(&hashed), bytes)?;
        let packed = if extension == "woff2" {
            // compressed already
            "None".to_owned()
        } else {
            fs::write(self.out.join(format!("{hashed}.br")), brotli(bytes)?)?;
            format!("Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{hashed}.br\")))")
        };
        let constant = name.replace(['.', '-'], "_").to_uppercase();
        writeln!(self.constants, "/// The path of `{name}`.\npub const {constant}: &str = \"/a/{hashed}\";")?;
        writeln!(
            self.table,
            "    Asset {{ name: \"{hashed}\", kind: \"{}\", plain: include_bytes!(concat!(env!(\"OUT_DIR\"), \
             \"/{hashed}\")), packed: {packed} }},",
            kind_of(extension)?
        )?;
        self.names.insert(name.to_owned(), hashed);
        Ok(())
    }

    fn write(self) -> Result<(), Box<dyn Error>> {
        let code = format!("{}\npub(super) const ASSETS: &[Asset] = &[\n{}];\n", self.constants, self.table);
        fs::write(self.out.join("assets.rs"), code)?;
        Ok(())
    }
}

fn kind_of(extension: &str) -> Result<&'static str, Box<dyn Error>> {
    Ok(match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        other => return Err(format!("no content type for .{other}").into()),
    })
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut packed = Vec::new();
    let settings = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &settings)?;
    Ok(packed)
}
