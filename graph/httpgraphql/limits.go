package httpgraphql

// Limits bound what one request may ask for. A zero field means its default,
// which is given beside it; there is no "unlimited", because a limit that is
// off is found by somebody else first.
type Limits struct {
	Body       int64 // Bytes of a request's body: 1 MiB.
	Tokens     int   // Tokens of a document, comments included: 1,000.
	Name       int   // Bytes of a name in a document: 200. Names come back in error messages and are compared with all names of a type.
	Depth      int   // Fields nested in fields, fragments expanded: 15, which the introspection query of graphql-js just needs.
	Aliases    int   // Response names for one field on one level: 50.
	Repeats    int   // Occurrences of one response name on one level, merged as execution merges: 50. Validation compares them pairwise.
	Selections int   // Fields and fragments of a document once every fragment is expanded: 10,000.
	Directives int   // Directives in a document: 100.
	Items      int   // Items of one list in the variables: 1,000. Those in a document are bounded by its tokens.
	Complexity int   // Cost as the schema's complexity functions compute it; only this one is off when zero, since costs are the schema's own measure.

	Errors      int // Errors reported of a document that cannot be run: 10. Validation ends there.
	FieldErrors int // Errors reported beside data: 50. The number left out stands in extensions.errorsOmitted.
	ErrorBytes  int // Bytes of these errors as JSON, the first of them apart: 64 KiB. Those left out are counted as well.
}

// registeredFactor is how many times more tokens a registered document may have.
// Tokens bound what a stranger can make the parser and the validator do; who
// registers a document has seen it.
const registeredFactor = 10

func (l Limits) withDefaults() Limits {
	setDefault(&l.Body, 1<<20)
	setDefault(&l.Tokens, 1000)
	setDefault(&l.Name, 200)
	setDefault(&l.Depth, 15)
	setDefault(&l.Aliases, 50)
	setDefault(&l.Repeats, 50)
	setDefault(&l.Selections, 10_000)
	setDefault(&l.Directives, 100)
	setDefault(&l.Items, 1000)
	setDefault(&l.Errors, 10)
	setDefault(&l.FieldErrors, 50)
	setDefault(&l.ErrorBytes, 64<<10)
	return l
}

func setDefault[T ~int | ~int64](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
