package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// longestPassword is in bytes; the account domain refuses longer ones too.
const longestPassword = 1024

// ReadPassword gives KABINET_PASSWORD if it was set, asks twice without echo
// when stdin is a terminal, and takes its first line when it is not. A
// password is never an argument: others on the machine can read those.
func (u UserCreate) ReadPassword(stdin io.Reader, prompt io.Writer) (string, error) {
	if u.password != "" {
		return fitting(u.password)
	}
	if f, ok := stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return askTwice(f, prompt)
	}
	line, err := bufio.NewReader(io.LimitReader(stdin, longestPassword+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return fitting(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
}

// fitting refuses what no domain rule needs to look at.
func fitting(password string) (string, error) {
	switch {
	case password == "":
		return "", errors.New("no password: give it on standard input or in KABINET_PASSWORD")
	case len(password) > longestPassword:
		return "", fmt.Errorf("the password is longer than %d bytes", longestPassword)
	}
	return password, nil
}

func askTwice(f *os.File, prompt io.Writer) (string, error) {
	var typed [2]string
	for i, question := range []string{"Password: ", "Once more: "} {
		_, _ = fmt.Fprint(prompt, question)
		text, err := term.ReadPassword(int(f.Fd()))
		_, _ = fmt.Fprintln(prompt)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(text)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ")
	}
	return fitting(typed[0])
}
