/// The encoder that learns.
public protocol Student: Trainable {}
