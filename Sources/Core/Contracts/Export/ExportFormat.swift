/// What an exported folder is for.
public enum ExportFormat: String, CaseIterable, Sendable {
  /// A graph in ONNX's format, which is written from ``ExportableEncoder/addNodes(to:)``. The encoder writes the files of its tokenizer
  /// and `config.json`.
  case onnx
  /// A folder for Hugging Face's `transformers`, whose `AutoModelForSequenceClassification` gives the logits.
  case transformers
  /// A folder for `sentence-transformers`, whose `SentenceTransformer` gives the embeddings.
  case sentenceTransformers = "sentence-transformers"
}
