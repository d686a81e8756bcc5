package main

import (
	"context"
	"errors"
)

func (b *bench) soak(context.Context) error   { return errors.New("soak") }
func (b *bench) scales(context.Context) error { return errors.New("scales") }
func (b *bench) curve(context.Context) error  { return errors.New("curve") }
