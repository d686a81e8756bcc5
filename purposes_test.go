package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kabinet/internal/store/storetest"
)

// TestCodesForOtherPurposes offers each code and link to each verb that takes
// one, and to its own with somebody else's challenge: it opens what it was sent
// for and nothing else, and trying it elsewhere costs it nothing.
//
// security D2
func TestCodesForOtherPurposes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		w := newWorld(t, db)
		alice, bob := w.tokens["alice"], w.tokens["bob"]
		type sent struct{ challenge, code, own, token string }
		var all []sent
		ask := func(token, mutation, path, own string) {
			a := w.wire(t, `mutation { `+mutation+` { challenge { id } userErrors { code } } }`, "Authorization", "Bearer "+token)
			w.settle(t)
			all = append(all, sent{a.at(t, path+".challenge.id"), w.vars["letter"], own, token})
			db.Clock.Add(61 * time.Second)
		}
		// The undoing first: a change of the login makes all other codes worthless.
		ask(bob, `requestLoginChange(input: {email: "bob.new@example.com"})`, "requestLoginChange", "")
		w.act(t, bob, fmt.Sprintf(`confirmLoginChange(input: {challengeId: "%s", code: "%s"})`, all[0].challenge, all[0].code))
		w.settle(t)
		all[0] = sent{w.vars["linkChallenge"], w.vars["linkCode"], "undoLoginChange", ""}
		ask(alice, `addContactPoint(input: {email: "alice.two@example.com"})`, "addContactPoint", "confirmContact")
		ask(alice, `requestLoginChange(input: {email: "alice.new@example.com"})`, "requestLoginChange", "confirmLoginChange")
		ask(alice, `requestAccountDeletion`, "requestAccountDeletion", "confirmAccountDeletion")
		ask("", `register(input: {email: "erin@example.com", password: "correct horse battery"})`, "register", "confirmContact")
		ask("", `requestPasswordReset(input: {login: "carol@example.com"})`, "requestPasswordReset", "resetPassword")
		ask("", `requestPasswordReset(input: {login: "alice@example.com"})`, "requestPasswordReset", "resetPassword")
		all = append(all, sent{w.vars["linkChallenge"], w.vars["linkCode"], "resetPassword", ""})

		verbs := map[string]string{
			"confirmContact":         `confirmContact(input: {challengeId: "%s", code: "%s"})`,
			"confirmLoginChange":     `confirmLoginChange(input: {challengeId: "%s", code: "%s"})`,
			"undoLoginChange":        `undoLoginChange(input: {challengeId: "%s", code: "%s"})`,
			"resetPassword":          `resetPassword(input: {challengeId: "%s", code: "%s", newPassword: "another pair of shoes"})`,
			"confirmAccountDeletion": `confirmAccountDeletion(input: {challengeId: "%s", code: "%s"})`,
			"unlockSession":          `unlockSession(input: {code: {challengeId: "%s", code: "%s"}})`,
			"stepUp":                 `stepUp(input: {code: {challengeId: "%s", code: "%s"}})`,
			"completeSecondFactor":   `completeSecondFactor(input: {challengeId: "%s", code: "%s"})`,
			"confirmTotp":            `confirmTotp(input: {challengeId: "%s", code: "%s"})`,
			"confirmIdentityLink":    `confirmIdentityLink(input: {challengeId: "%s", binding: "x", code: "%s"})`,
		}
		refused := func(verb, token, challenge, code string) {
			t.Helper()
			a := w.wire(t, `mutation { `+fmt.Sprintf(verbs[verb], challenge, code)+` { userErrors { code } } }`, "Authorization", "Bearer "+token)
			if !strings.Contains(a.body, `"INVALID_CODE"`) && !strings.Contains(a.body, `"PROVIDER_SIGN_IN_FAILED"`) && !strings.Contains(a.body, `"NOT_FOUND"`) {
				t.Errorf("%s: %s", verb, a.body)
			}
		}
		for i, s := range all {
			for verb := range verbs {
				if verb != s.own {
					refused(verb, alice, s.challenge, s.code)
				}
			}
			for j, other := range all { // its own verb, with the code of another
				if other.own == s.own && i != j && other.code != s.code && i < len(all)-2 {
					refused(s.own, alice, s.challenge, other.code)
				}
			}
		}
		// Each is still good for what it is for; the resets last, which end the rest.
		for _, s := range all[:3] {
			if s.own != "confirmLoginChange" {
				w.act(t, s.token, fmt.Sprintf(verbs[s.own], s.challenge, s.code))
			}
		}
		for _, s := range []sent{all[4], all[5], all[7]} {
			w.act(t, s.token, fmt.Sprintf(verbs[s.own], s.challenge, s.code))
		}
	})
}
