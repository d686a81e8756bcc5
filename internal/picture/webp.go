package picture

import "encoding/binary"

// chunks calls back with each chunk of a RIFF file until it has enough.
func chunks(raw []byte, each func(id string, data []byte) bool) {
	if len(raw) >= 12 {
		within(raw[12:], each)
	}
}

func within(raw []byte, each func(id string, data []byte) bool) {
	for len(raw) >= 8 {
		n := int64(binary.LittleEndian.Uint32(raw[4:]))
		if n > int64(len(raw)-8) {
			return
		}
		if !each(string(raw[:4]), raw[8:8+n]) {
			return
		}
		raw = raw[min(int64(len(raw)), 8+n+n%2):]
	}
}

// still is a WebP that does not move: the same one, or one of the first frame
// alone, for the decoder knows no other. Nil where there is no frame.
func still(raw []byte) []byte {
	moves := false
	var out []byte
	chunks(raw, func(id string, data []byte) bool {
		switch id {
		case "VP8X":
			moves = len(data) == 10 && data[0]&0x02 != 0
			return moves
		case "ANMF":
			out = frame(data)
			return false
		}
		return true
	})
	if !moves {
		return raw
	}
	return out
}

// frame makes a file of one frame: its place and time, 16 bytes, then its own
// chunks; what is seen through needs the header of the extended form.
func frame(data []byte) []byte {
	const head = 16
	if len(data) < head {
		return nil
	}
	var body []byte
	alpha := false
	within(data[head:], func(id string, part []byte) bool {
		if id == "ALPH" || id == "VP8 " || id == "VP8L" {
			alpha = alpha || id == "ALPH"
			body = append(binary.LittleEndian.AppendUint32(append(body, id...), uint32(len(part))), part...)
			if len(part)%2 == 1 {
				body = append(body, 0)
			}
		}
		return true
	})
	if body == nil {
		return nil
	}
	if alpha {
		x := append([]byte("VP8X\x0a\x00\x00\x00\x10\x00\x00\x00"), data[6:12]...) // width and height less one, 3 bytes each
		body = append(x, body...)
	}
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return append(append(out, "WEBP"...), body...)
}
