package event

import "github.com/google/uuid"

// FileReady is told to a person once, when a file of rows that he asked for can
// be downloaded.
type FileReady struct {
	TaskID uuid.UUID `json:"taskId"`
	UserID uuid.UUID `json:"userId"`
	Title  string    `json:"title"` // the name of the download
}

// Kind implements Fact.
func (FileReady) Kind() string { return "file.ready" }

// Subject implements Fact.
func (f FileReady) Subject() (string, uuid.UUID) { return "task", f.TaskID }
