//! What pages say of who sends: from the configuration, with the logo read from its file.

use oncelink_config::BrandSpec;
use oncelink_http::{BadBrand, Brand};

use crate::exit::Failure;

/// The brand, checked as a whole.
pub(crate) fn load(spec: &BrandSpec) -> Result<Brand, Failure> {
    let bad = |error: BadBrand| Failure::failed(error.to_string());
    let mut brand = Brand::default();
    if let Some(name) = &spec.name {
        brand = brand.with_name(name).map_err(bad)?;
    }
    if let Some(path) = &spec.logo {
        let file = std::fs::read(path).map_err(|error| {
            Failure::failed(format!("can't read the logo {}: {error}; --brand-logo names an SVG or PNG file", path.display()))
        })?;
        brand = brand.with_logo(&file).map_err(bad)?;
    }
    if let Some(colour) = &spec.colour {
        let [red, green, blue] = colour.0;
        brand = brand.with_colour(&format!("#{red:02x}{green:02x}{blue:02x}")).map_err(bad)?;
    }
    if let Some(imprint) = &spec.imprint {
        brand = brand.with_imprint(imprint).map_err(bad)?;
    }
    Ok(brand)
}
