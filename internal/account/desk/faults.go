package desk

import "kabinet/internal/fault"

// What this part refuses; the texts lie in locale/messages/<language>/fault.json.
var (
	ErrNotOnOneself           = fault.New(fault.Refused, "NOT_ON_ONESELF")
	ErrLastAdministrator      = fault.New(fault.Refused, "LAST_ADMINISTRATOR")
	ErrStaffMember            = fault.New(fault.Refused, "STAFF_MEMBER")
	ErrUserNotActive          = fault.New(fault.Refused, "USER_NOT_ACTIVE")
	ErrNotAMinor              = fault.New(fault.Refused, "NOT_A_MINOR")
	ErrRepresentativeTooYoung = fault.New(fault.Refused, "REPRESENTATIVE_TOO_YOUNG")
	ErrAlreadyTaken           = fault.New(fault.Refused, "ALREADY_TAKEN")
)
