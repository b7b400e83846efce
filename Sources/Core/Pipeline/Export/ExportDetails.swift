/// What the page of an exported model says that a run does not know.
public struct ExportDetails: Sendable {
  /// The licence as Hugging Face names it, such as `apache-2.0`. `nil` if it is not known.
  public var license: String?
  /// The name on Hugging Face's hub of the model that the student comes from, such as `sentence-transformers/all-MiniLM-L6-v2`. `nil` if
  /// it is not known.
  public var baseModel: String?

  /// Creates the details.
  ///
  /// - Parameters:
  ///   - license: The licence as Hugging Face names it.
  ///   - baseModel: The name on Hugging Face's hub of the model that the student comes from.
  public init(license: String? = nil, baseModel: String? = nil) {
    (self.license, self.baseModel) = (license, baseModel)
  }
}
