package desk

import (
	"kabinet/ent/generated/ticket"
	"kabinet/internal/scalar"
)

// LocalizedText is a text in a language.
type LocalizedText struct {
	Locale string
	Text   string
}

// LocalizedTextInput is a text in a language.
type LocalizedTextInput struct {
	// The language.
	Locale string
	// The text, with variables.
	Text string
}

// RenderedReply is a canned reply as it would be sent.
type RenderedReply struct {
	Text       string
	Locale     string
	IsFallback bool
	Missing    []string
}

// SaveCannedReplyInput is the input of saveCannedReply.
type SaveCannedReplyInput struct {
	// The canned reply to change; a new one without it.
	ID *scalar.ID
	// With an id: the version that was read.
	Version *int
	// How people find it.
	Handle string
	// The text in one or several languages, each once.
	Texts []*LocalizedTextInput
	// Of this team alone.
	TeamID *scalar.ID
}

// DeleteCannedReplyInput is the input of deleteCannedReply.
type DeleteCannedReplyInput struct {
	// The canned reply.
	ID scalar.ID
}

// MacroAct is one act of a macro; which fields it has follows its kind.
type MacroAct struct {
	Kind          MacroActKind
	Texts         []*LocalizedText
	CannedReplyID *scalar.ID
	Status        *ticket.Status
	Reason        *ticket.StatusReason
	Hours         *int
	Priority      *ticket.Priority
	Target        *MacroTarget
	UserID        *scalar.ID
	TeamID        *scalar.ID
}

// MacroActInput is one act of a macro; a field that its kind has no use for is
// refused.
type MacroActInput struct {
	// What it does.
	Kind MacroActKind
	// Of REPLY and NOTE: the text.
	Texts []*LocalizedTextInput
	// Of REPLY: a canned reply in place of texts.
	CannedReplyID *scalar.ID
	// Of SET_STATUS: where the ticket shall stand.
	Status *ticket.Status
	// Of SET_STATUS: why.
	Reason *ticket.StatusReason
	// Of SET_STATUS with SNOOZED: for so many hours.
	Hours *int
	// Of SET_PRIORITY.
	Priority *ticket.Priority
	// Of ASSIGN: ME or NOBODY; of SET_TEAM: NOBODY.
	Target *MacroTarget
	// Of ASSIGN: this staff member.
	UserID *scalar.ID
	// Of SET_TEAM: this team.
	TeamID *scalar.ID
}

// SaveMacroInput is the input of saveMacro.
type SaveMacroInput struct {
	// The macro to change; a new one without it.
	ID *scalar.ID
	// With an id: the version that was read.
	Version *int
	// What it is called.
	Name string
	// The acts, in the order in which they are done.
	Acts []*MacroActInput
	// Of this team alone.
	TeamID *scalar.ID
}

// DeleteMacroInput is the input of deleteMacro.
type DeleteMacroInput struct {
	// The macro.
	ID scalar.ID
}

// ApplyMacroInput is the input of applyMacro.
type ApplyMacroInput struct {
	// The ticket.
	TicketID scalar.ID
	// The macro.
	MacroID scalar.ID
	// The revision that was read; another one is STALE_OBJECT.
	Revision int
}
