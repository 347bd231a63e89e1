package recorder

// DeriveID makes the ids of events.
var DeriveID = deriveID
