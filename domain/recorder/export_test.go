package recorder

// DeriveID makes the ids of events.
var DeriveID = deriveID

// Unread gives how many keys are kept that the read model did not know.
func (r *Recorder) Unread() int {
	r.unread.mu.Lock()
	defer r.unread.mu.Unlock()
	return len(r.unread.uses)
}
