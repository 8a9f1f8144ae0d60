// Cases of Go's standard library; each prints one line of JSON.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
)

var classifyURL = os.Getenv("SERVICE_URL") + "/v1/classify?model=" + os.Getenv("MODEL")

type result struct {
	Top []struct{ Class string }
}
type answer struct {
	result
	Results []result
	Detail  string
}

func expectClass(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var got answer
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return err
	}
	got.Results = append(got.Results, got.result)
	top := got.Results[0].Top
	if len(top) == 0 || top[0].Class != os.Getenv("IMAGE_CLASS") {
		return fmt.Errorf("%d %s", response.StatusCode, got.Detail)
	}
	return nil
}

func createFormFile(image []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("image", "image.jpg")
	if err != nil {
		return err
	}
	if _, err := part.Write(image); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	return expectClass(http.Post(classifyURL, form.FormDataContentType(), &body))
}

func post(image []byte) error {
	return expectClass(http.Post(classifyURL, "application/octet-stream", bytes.NewReader(image)))
}

func chunkedGzip(image []byte) error {
	reader, writer := io.Pipe()
	go func() {
		compressed := gzip.NewWriter(writer)
		compressed.Write(image)
		compressed.Close()
		writer.Close()
	}()
	request, err := http.NewRequest("POST", classifyURL, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Encoding", "gzip")
	return expectClass(http.DefaultClient.Do(request))
}

func main() {
	image, err := os.ReadFile(os.Getenv("IMAGE_JPEG"))
	if err != nil {
		panic(err)
	}
	for _, each := range []struct {
		name string
		run  func([]byte) error
	}{{"create_form_file", createFormFile}, {"post", post}, {"chunked_gzip", chunkedGzip}} {
		line := map[string]any{"case": each.name, "ok": true}
		if err := each.run(image); err != nil {
			line["ok"] = false
			line["why"] = err.Error()
		}
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
}
