import DistillCore

extension ExportPage {
  /// A program in Python that answers two examples with the folder, to be run inside it.
  var use: String {
    let program =
      switch format {
      case .onnx: onnx
      case .transformers: transformers
      case .sentenceTransformers: sentenceTransformers
      }
    return "In this folder, or with its path in the place of `\".\"`:\n\n```python\n\(program)\n```" + remarks
  }

  private var examples: String {
    task.hasPairs
      ? "pairs = [(\"a text\", \"its pair\"), (\"another, longer text\", \"and its pair\")]"
      : "texts = [\"a text\", \"another, longer text\"]"
  }

  private var tokenized: String { task.hasPairs ? "*map(list, zip(*pairs))" : "texts" }

  private var onnx: String {
    let last =
      switch task.kind {
      case .classification: "print([labels[row.argmax()] for row in outputs[\"probabilities\"]])"
      case .multilabel:
        "print([[label for label, p in zip(labels, row) if p >= task[\"threshold\"]] for row in outputs[\"probabilities\"]])"
      case .regression: "print(outputs[\"logits\"][:, 0])"
      }
    return """
      import json
      import onnxruntime
      from transformers import AutoTokenizer

      task = json.load(open("task.json"))
      labels = task\(task.kind.labels == nil ? ".get(\"labels\")" : "[\"labels\"]")
      tokenizer = AutoTokenizer.from_pretrained(".")
      session = onnxruntime.InferenceSession("model.onnx")
      \(examples)
      encoded = tokenizer(\(tokenized), padding=True, truncation=True, return_tensors="np", return_token_type_ids=True)
      inputs = {name: encoded[name].astype("int64") for name in ["input_ids", "attention_mask", "token_type_ids"]}
      outputs = dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs)))
      \(last)
      """
  }

  private var transformers: String {
    let last =
      switch task.kind {
      case .classification: "print([model.config.id2label[int(row.argmax())] for row in logits])"
      case .multilabel: "print(torch.sigmoid(logits))"
      case .regression: "print(logits[:, 0])"
      }
    return """
      import torch
      from transformers import AutoModelForSequenceClassification, AutoTokenizer

      tokenizer = AutoTokenizer.from_pretrained(".")
      model = AutoModelForSequenceClassification.from_pretrained(".")
      \(examples)
      with torch.no_grad():
          logits = model(**tokenizer(\(tokenized), padding=True, truncation=True, return_tensors="pt")).logits
      \(last)
      """
  }

  private var sentenceTransformers: String {
    """
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(".")
    embeddings = model.encode(["a text", "another, longer text"])
    print(model.similarity(embeddings, embeddings))
    """
  }

  private var remarks: String {
    switch format {
    case .onnx:
      let probabilities =
        switch task.kind {
        case .classification: "`probabilities` [batch, labels], their softmax, "
        case .multilabel: "`probabilities` [batch, labels], their sigmoids, "
        case .regression: ""
        }
      return
        "\n\nInputs: `input_ids`, `attention_mask` and `token_type_ids`, int64 [batch, length]. Padding follows the tokens. "
        + "Outputs: `logits` [batch, \(encoder.card.outputs)], \(probabilities)and `embedding` [batch, \(encoder.card.embeddingWidth)], "
        + "which is not normalised. Operator set 17."
    case .transformers: return ""
    case .sentenceTransformers:
      return
        "\n\nEmbeddings are not normalised; `normalize_embeddings=True` does so. The classifier is a linear map of "
        + (encoder.card.embeddingWidth > encoder.card.width
          ? "(u, v, |u − v|, u·v) of the embeddings of both texts" : "the embedding")
        + ", in `classifier/`."
    }
  }
}
