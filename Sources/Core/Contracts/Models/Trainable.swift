/// An encoder that can be trained.
public protocol Trainable: Encoder {
  var parameters: ParameterStore { get }
}
