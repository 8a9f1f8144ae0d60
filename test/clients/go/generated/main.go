// Cases of the client that oapi-codegen generates from the service's own document; each prints one line of JSON.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"clients/api"
)

var ctx = context.Background()

func classifyBody(client *api.ClientWithResponses) error {
	image, err := os.ReadFile(os.Getenv("IMAGE_JPEG"))
	if err != nil {
		return err
	}
	model := api.ClassifyParamsModel(os.Getenv("MODEL"))
	response, err := client.ClassifyWithBodyWithResponse(
		ctx, &api.ClassifyParams{Model: &model}, "image/jpeg", bytes.NewReader(image))
	if err != nil {
		return err
	}
	if response.JSON200 == nil {
		return fmt.Errorf("%s", response.Body)
	}
	one, err := response.JSON200.AsClassification()
	if err != nil {
		return err
	}
	if one.Top[0].Class != os.Getenv("IMAGE_CLASS") {
		return fmt.Errorf("%s", response.Body)
	}
	return nil
}

func infer(client *api.ClientWithResponses) error {
	pixels, err := os.ReadFile(os.Getenv("IMAGE_PIXELS"))
	if err != nil {
		return err
	}
	data := make([]any, len(pixels))
	for i, pixel := range pixels {
		data[i] = pixel
	}
	request := api.InferRequest{Inputs: []api.InferRequest_Inputs_Item{
		{Name: "image", Datatype: "UINT8", Shape: []int{1, 224, 224, 3}, Data: &data},
	}}
	model := api.InferParamsId(os.Getenv("MODEL"))
	response, err := client.InferWithResponse(ctx, model, &api.InferParams{}, request)
	if err != nil {
		return err
	}
	if response.JSON200 == nil || len(response.JSON200.Outputs) != 1 {
		return fmt.Errorf("%s", response.Body)
	}
	return nil
}

func main() {
	client, err := api.NewClientWithResponses(os.Getenv("SERVICE_URL"))
	if err != nil {
		panic(err)
	}
	for _, each := range []struct {
		name string
		run  func(*api.ClientWithResponses) error
	}{{"classify_body", classifyBody}, {"infer", infer}} {
		line := map[string]any{"case": each.name, "ok": true}
		if err := each.run(client); err != nil {
			line["ok"] = false
			line["why"] = err.Error()
		}
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
}
