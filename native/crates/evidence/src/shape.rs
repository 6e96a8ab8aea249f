use stella_canonical::{Object, Place, Refusal, Timestamp, Value};

/// The shape that a format asks of a value. Members that are not named may be there and hold anything; null counts as absent.
pub(crate) enum Shape {
    /// A string.
    Text,
    /// An RFC 3339 date-time, which checking brings into UTC.
    Time,
    /// An integer from 1 up to 2^53.
    Counting,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// An array of one shape.
    List(&'static Shape),
    /// An object with these members.
    Object(&'static [Member]),
}

/// A member that an object shape names.
pub(crate) struct Member {
    name: &'static str,
    required: bool,
    shape: &'static Shape,
}

/// A member that must be there.
pub(crate) const fn required(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: true, shape }
}

/// A member that may be there.
pub(crate) const fn optional(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, required: false, shape }
}

pub(crate) static TEXT: Shape = Shape::Text;
pub(crate) static TEXTS: Shape = Shape::List(&TEXT);
pub(crate) static TIME: Shape = Shape::Time;
pub(crate) static ANY_OBJECT: Shape = Shape::Object(&[]);

/// The way from the document's root to a value, written out as a JSON pointer only when something is wrong.
#[derive(Clone, Copy)]
pub(crate) enum Path<'p> {
    Root,
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl Path<'_> {
    pub(crate) fn refusal(&self, reason: impl Into<String>) -> Refusal {
        let mut pointer = String::new();
        self.write(&mut pointer);
        Refusal::new(Place::Pointer(pointer), reason)
    }

    /// The pointer with `*` for every index; what is within a list of its own kind has the path of the outermost.
    pub(crate) fn pattern(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Item(Self::Member(parent, list), _) | Self::Member(parent, list) if parent.is_in(list) => parent.pattern(),
            Self::Item(parent, _) => parent.pattern() + "/*",
            Self::Member(parent, name) => parent.pattern() + "/" + name,
        }
    }

    /// Whether this is an item of such a list, or the one thing beside it that is the same.
    fn is_in(&self, list: &str) -> bool {
        match self {
            Self::Item(Self::Member(_, name), _) => *name == list,
            Self::Member(_, name) => list.strip_suffix('s') == Some(*name),
            _ => false,
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Member(parent, name) => {
                parent.write(out);
                out.push('/');
                out.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Self::Item(parent, index) => {
                parent.write(out);
                out.push_str(&format!("/{index}"));
            }
        }
    }
}

impl Shape {
    /// The shape of a member of this object shape.
    pub(crate) fn member(&self, name: &str) -> Option<&'static Shape> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|member| member.name == name).map(|member| member.shape)
    }

    /// The shape of the items of this array shape.
    pub(crate) fn item(&self) -> Option<&'static Shape> {
        if let Self::List(item) = self { Some(item) } else { None }
    }

    /// Checks a value against this shape, and brings its times into UTC.
    pub(crate) fn check(&self, value: &mut Value<'_>, at: &Path<'_>) -> Result<(), Refusal> {
        match (self, value) {
            (Self::Text, Value::Text(_)) => Ok(()),
            (Self::Time, Value::Text(text)) => {
                let time = Timestamp::parse(text).map_err(|error| at.refusal(error.to_string()))?;
                *text = time.text.into();
                Ok(())
            }
            (Self::Counting, Value::Number(number)) if *number >= 1.0 && number.fract() == 0.0 && *number <= 9_007_199_254_740_992.0 => {
                Ok(())
            }
            (Self::OneOf(allowed), Value::Text(text)) if allowed.contains(&text.as_ref()) => Ok(()),
            (Self::OneOf(allowed), Value::Text(_)) => Err(at.refusal(format!("must be one of {}", allowed.join(", ")))),
            (Self::List(shape), Value::List(items)) => {
                items.iter_mut().enumerate().try_for_each(|(index, item)| shape.check(item, &Path::Item(at, index)))
            }
            (Self::Object(members), Value::Object(object)) => check_members(members, object, at),
            (_, value) => Err(at.refusal(format!("must be {}, not {}", self.wanted(), value.kind()))),
        }
    }

    fn wanted(&self) -> &'static str {
        match self {
            Self::Text | Self::OneOf(_) => "a string",
            Self::Time => "a date-time string",
            Self::Counting => "an integer from 1",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

fn check_members(members: &[Member], object: &mut Object<'_>, at: &Path<'_>) -> Result<(), Refusal> {
    members.iter().try_for_each(|member| {
        let at = Path::Member(at, member.name);
        match object.get_mut(member.name) {
            Some(value) => member.shape.check(value, &at),
            None if member.required => Err(at.refusal("required, but absent")),
            None => Ok(()),
        }
    })
}
