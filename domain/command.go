package domain

// Command asks that something be recorded. The set of commands is closed: CommandTypes lists them all.
// Its fields are named as the public schema's inputs name them, in Go's spelling; a Fault's path uses the schema's spelling.
type Command interface {
	// Stream gives the name of the one stream on which the command is decided.
	Stream() string
	isCommand()
}

// CommandTypes has one zero value of each type of command.
var CommandTypes = []Command{
	SubmitProposal{}, ReviseProposal{}, MergeProposal{}, SupersedeProposal{}, WithdrawProposal{}, AdoptProposal{},
	RecordPosition{}, CorrectPosition{}, WithdrawPosition{}, RetractPosition{},
	RecordEndorsement{}, WithdrawEndorsement{}, RecordVote{}, DeclareIntendedBallot{},
	DefineElement{}, DefineOption{}, RetireOption{},
	AdmitState{}, DefineGroup{}, ChangeGroupMembership{}, DefineSession{}, CompleteImport{},
}
