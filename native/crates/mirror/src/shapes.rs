//! What is read of statements of VEX and bills of materials: lines of the ledger's own schemas.

use std::borrow::Cow;

use serde::Deserialize;

type Text<'a> = Cow<'a, str>;

#[derive(Deserialize)]
pub(crate) struct Statement<'a> {
    #[serde(borrow)]
    pub(crate) vulnerability: Vulnerability<'a>,
    #[serde(borrow, default)]
    pub(crate) products: Vec<Product<'a>>,
    #[serde(borrow)]
    pub(crate) status: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Vulnerability<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) aliases: Vec<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Product<'a> {
    #[serde(borrow, rename = "@id")]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) identifiers: Option<Identifiers<'a>>,
    #[serde(borrow, default)]
    pub(crate) subcomponents: Vec<Product<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Identifiers<'a> {
    #[serde(borrow)]
    pub(crate) purl: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) cpe23: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) cpe22: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Graph<'a> {
    #[serde(borrow)]
    pub(crate) subject: Option<Node<'a>>,
    #[serde(borrow, default)]
    pub(crate) components: Vec<Node<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Node<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) version: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) purl: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) image_digests: Vec<Text<'a>>,
}
